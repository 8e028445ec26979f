//! What outlives a program: parameters, in one slice, and running state.

use super::form::Form;
use super::padded;
use crate::error::{Error, Result};
use crate::tensors::{Named, Owned, Tensor, TensorView, Tensors, Values};
use diabolo_kernels::Real;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// A parameter of a [`Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Param(pub(super) u32);

/// A running state of a [`Store`]: changed by forward passes, not by gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Running(pub(super) u32);

/// A named matrix and its place in a slice.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    name: String,
    rows: usize,
    cols: usize,
    start: usize,
    form: Form,
}

/// Which values a store holds: another number whenever they may have changed, and no two stores with different values
/// have the same. It tells a program that what it made of the parameters alone still holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version(u64);

impl Version {
    fn next() -> Version {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Version(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub fn number(self) -> u64 {
        self.0
    }
}

/// Stores are equal if their values are.
impl PartialEq for Version {
    fn eq(&self, _: &Version) -> bool {
        true
    }
}

impl Entry {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.rows * self.cols
    }

    /// Its shape in files.
    fn shape(&self) -> Vec<usize> {
        self.form.shape(self.rows, self.cols)
    }
}

/// The parameters of a network, one after the other in a single slice, and its running state.
///
/// Parameters are added in groups (`encoder.`, `decoder.`), so a group is a range of the slice
/// ([`Store::group`]) and a single call of an optimiser serves it. Between matrices may lie a few zeros, whose
/// gradient is zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Store<T> {
    parameters: Vec<Entry>,
    values: Vec<T>,
    running: Vec<Entry>,
    state: Vec<T>,
    version: Version,
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Store {
            parameters: Vec::new(),
            values: Vec::new(),
            running: Vec::new(),
            state: Vec::new(),
            version: Version::next(),
        }
    }
}

impl<T: Real> Store<T> {
    /// Adds a matrix of parameters.
    /// # Panics
    /// If `values` are not `rows * cols`.
    pub fn parameter(&mut self, name: &str, rows: usize, cols: usize, values: Vec<T>) -> Param {
        self.add_parameter(name, rows, cols, values, Form::Matrix)
    }

    /// Adds a vector of parameters, a row here and one-dimensional in files.
    pub fn vector(&mut self, name: &str, values: Vec<T>) -> Param {
        self.add_parameter(name, 1, values.len(), values, Form::Vector)
    }

    /// Adds weights, n_in x n_out here and n_out x n_in in files.
    /// # Panics
    /// If `values` are not `n_in * n_out`.
    pub fn weights(&mut self, name: &str, n_in: usize, n_out: usize, values: Vec<T>) -> Param {
        self.add_parameter(name, n_in, n_out, values, Form::Transposed)
    }

    /// Adds weights of a convolution: here a row for every window pixel and channel that is read (the channels of a
    /// pixel side by side) and a column for every channel that is made; in files, as PyTorch has them, n_out x n_in x
    /// height x width, or n_in x n_out x height x width of a `transposed` one.
    /// # Panics
    /// If there are not as many values as weights.
    pub fn window_weights(
        &mut self,
        name: &str,
        kernel: [usize; 2],
        [n_in, n_out]: [usize; 2],
        transposed: bool,
        values: Vec<T>,
    ) -> Param {
        let form = Form::Window { kernel, transposed };
        self.add_parameter(name, kernel[0] * kernel[1] * n_in, n_out, values, form)
    }

    fn add_parameter(&mut self, name: &str, rows: usize, cols: usize, values: Vec<T>, form: Form) -> Param {
        self.version = Version::next();
        add(
            &mut self.parameters,
            &mut self.values,
            Entry { name: name.to_owned(), rows, cols, start: 0, form },
            values,
        );
        Param(self.parameters.len() as u32 - 1)
    }

    /// Adds running state, a row here and one-dimensional in files.
    pub fn running(&mut self, name: &str, values: Vec<T>) -> Running {
        let entry =
            Entry { name: name.to_owned(), rows: 1, cols: values.len(), start: 0, form: Form::Vector };
        add(&mut self.running, &mut self.state, entry, values);
        Running(self.running.len() as u32 - 1)
    }

    /// All parameters.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All parameters.
    pub fn values_mut(&mut self) -> &mut [T] {
        self.version = Version::next();
        &mut self.values
    }

    /// All running state.
    pub fn state(&self) -> &[T] {
        &self.state
    }

    /// All running state.
    pub fn state_mut(&mut self) -> &mut [T] {
        &mut self.state
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn parts_mut(&mut self) -> (&[T], &mut [T]) {
        (&self.values, &mut self.state)
    }

    /// The part of a slice as long as [`Store::values`] that belongs to a parameter.
    /// # Panics
    /// If `slice` is of another length.
    pub fn of<'a>(&self, param: Param, slice: &'a [T]) -> &'a [T] {
        assert_eq!(slice.len(), self.values.len(), "one value a parameter");
        &slice[self.parameters[param.0 as usize].range()]
    }

    /// A parameter's values.
    pub fn get(&self, param: Param) -> &[T] {
        self.of(param, &self.values)
    }

    /// A parameter's values.
    pub fn get_mut(&mut self, param: Param) -> &mut [T] {
        self.version = Version::next();
        &mut self.values[self.parameters[param.0 as usize].range()]
    }

    /// The parameter of that name.
    /// # Panics
    /// If there is none.
    pub fn named(&self, name: &str) -> Param {
        let at = self.parameters.iter().position(|entry| entry.name == name);
        Param(at.unwrap_or_else(|| panic!("no parameter is named {name}")) as u32)
    }

    /// (rows, cols) of a parameter.
    pub fn shape(&self, param: Param) -> [usize; 2] {
        let entry = &self.parameters[param.0 as usize];
        [entry.rows, entry.cols]
    }

    /// A running state's values.
    pub fn running_state(&self, running: Running) -> &[T] {
        &self.state[self.running[running.0 as usize].range()]
    }

    pub(super) fn place(&self, param: Param) -> Range<usize> {
        self.parameters[param.0 as usize].range()
    }

    pub(super) fn running_place(&self, running: Running) -> Range<usize> {
        self.running[running.0 as usize].range()
    }

    /// Where all parameters lie, as a plan wants it.
    #[allow(clippy::single_range_in_vec_init, reason = "a list of ranges, of which there is one")]
    pub fn everything(&self) -> [Range<usize>; 1] {
        [0..self.values.len()]
    }

    /// Where in [`Store::values`] the parameters lie whose names start with `prefix`.
    /// # Panics
    /// If there is none, or others lie between them.
    pub fn group(&self, prefix: &str) -> Range<usize> {
        let members =
            || self.parameters.iter().enumerate().filter(|(_, entry)| entry.name.starts_with(prefix));
        let first = members().next().unwrap_or_else(|| panic!("no parameter is named {prefix}..."));
        let last = members().next_back().unwrap_or(first);
        assert_eq!(members().count(), last.0 - first.0 + 1, "the parameters {prefix}... lie together");
        first.1.start..padded(last.1.range().end)
    }

    /// Number of parameters, counted as numbers.
    pub fn n_parameters(&self) -> usize {
        self.parameters.iter().map(|entry| entry.rows * entry.cols).sum()
    }

    /// The same network in another precision.
    pub fn cast<U: Real>(&self) -> Store<U> {
        let cast = |values: &[T]| values.iter().map(|x| U::from_f64(x.to_f64())).collect();
        Store {
            parameters: self.parameters.clone(),
            values: cast(&self.values),
            running: self.running.clone(),
            state: cast(&self.state),
            version: Version::next(),
        }
    }

    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        T::all_finite(&self.values) && T::all_finite(&self.state)
    }
}

/// Appends a matrix to a slice.
fn add<T: Real>(entries: &mut Vec<Entry>, all: &mut Vec<T>, entry: Entry, values: Vec<T>) {
    assert_eq!(values.len(), entry.rows * entry.cols, "values of {}", entry.name);
    assert!(entries.iter().all(|other| other.name != entry.name), "a second {}", entry.name);
    let start = all.len();
    all.extend_from_slice(&values);
    all.resize(padded(all.len()), T::ZERO);
    entries.push(Entry { start, ..entry });
}

impl Tensors for Store<f32> {
    /// Parameters and running state under their names, weights transposed: as PyTorch has them.
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        let parameters = self.parameters.iter().map(|entry| (entry, &self.values));
        for (entry, all) in parameters.chain(self.running.iter().map(|entry| (entry, &self.state))) {
            let values = entry.form.to_file(&all[entry.range()], entry.rows, entry.cols);
            each(&entry.name, TensorView { shape: &entry.shape(), values: Values::F32(&values) });
        }
    }
}

impl Store<f32> {
    /// Replaces all values by those of a file that names them so.
    /// # Errors
    /// [`Error::Shape`] where one is missing or of another shape, [`Error::Numerical`] where one is not finite.
    pub fn load(&mut self, named: &Named) -> Result<()> {
        self.version = Version::next();
        for (entries, all) in [(&self.parameters, &mut self.values), (&self.running, &mut self.state)] {
            for entry in entries {
                let found = named.get(&entry.name)?;
                let place = &mut all[entry.range()];
                place.copy_from_slice(&loaded(entry, found)?);
                if !place.iter().all(|x| x.is_finite()) {
                    return Err(Error::numerical(&*entry.name, "the file holds a value that is not finite"));
                }
            }
        }
        Ok(())
    }
}

/// The values of a saved array as they lie here.
fn loaded<'a>(entry: &Entry, found: &'a Tensor) -> Result<Cow<'a, [f32]>> {
    let shape = entry.shape();
    match &found.values {
        Owned::F32(values) if found.shape == shape => Ok(entry.form.restored(values, entry.rows, entry.cols)),
        _ => Err(Error::shape(
            format!("`{}` to be f32 of shape {shape:?}", entry.name),
            format!("{:?}", found.shape),
        )),
    }
}
