//! Parameters written into a name: `key=value,key=value`.

use crate::error::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fmt;

/// Parameters by name, as far as they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    values: Map<String, Value>,
}

impl Parameters {
    /// Parses `key=value,key=value`; numbers and `true`/`false` are recognised. `set` names the data set
    /// in errors.
    /// # Errors
    /// [`Error::Parameter`] where a part has no `=` or a key comes twice.
    pub fn parse(set: &str, text: &str) -> Result<Parameters> {
        let mut values = Map::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                return Err(Error::parameter(
                    set,
                    format!("`{part}` is no parameter; write {set}:key=value,key=value"),
                ));
            };
            let (key, value) = (key.trim(), value.trim());
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            if values.insert(key.to_owned(), value).is_some() {
                return Err(Error::parameter(format!("{set}:{key}"), "is given twice; give it once"));
            }
        }
        Ok(Parameters { values })
    }

    /// Every field of a plain struct.
    pub fn of<T: Serialize>(fields: &T) -> Parameters {
        match serde_json::to_value(fields) {
            Ok(Value::Object(values)) => Parameters { values },
            other => panic!("parameters are plain structs of numbers, not {other:?}"),
        }
    }

    /// A plain struct with these parameters, the rest at their defaults.
    /// # Errors
    /// [`Error::Parameter`] for an unknown parameter or a value of the wrong kind; it lists the known ones.
    pub fn fill<T: DeserializeOwned + Serialize + Default>(self, set: &str) -> Result<T> {
        serde_json::from_value(Value::Object(self.values)).map_err(|e| {
            let known = Parameters::of(&T::default());
            Error::parameter(set, format!("{e}; parameters and their defaults are {known}"))
        })
    }

    /// Refuses any parameter: the set has none.
    /// # Errors
    /// [`Error::Parameter`] naming the first one.
    pub fn refuse_all(&self, set: &str) -> Result<()> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(key) => Err(Error::parameter(
                format!("{set}:{key}"),
                format!("`{set}` is a fixed data set without parameters; ask for `{set}`"),
            )),
        }
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, value)) in self.values.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{key}={value}")?;
        }
        Ok(())
    }
}
