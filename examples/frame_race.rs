//! A network makes the frame between two, for the comparisons of benches/peers: `frame_race film|xvfi FOLDER HEIGHT WIDTH
//! PASSES`. The folder holds `weights.safetensors` and `frames.safetensors`; the last pass is timed.

use diabolo::autodiff::{Graph, Program, Store};
use diabolo::io::tensor_file;
use diabolo::models::interpolation::{Map, film, xvfi};
use diabolo::monitor::Budget;
use diabolo::tensors::{Named, Owned, Tensor};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

/// Levels of the flow of XVFI.
const DEPTH: usize = 3;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [model, folder, height, width, passes] = &words[..] else {
        return Err(Error::parameter("frame_race", "takes film or xvfi, a folder, height, width and passes"));
    };
    let number = |text: &String| {
        text.parse::<usize>().map_err(|e| Error::parameter("frame_race", format!("`{text}`: {e}")))
    };
    let (size, folder) = ([number(height)?, number(width)?], Path::new(folder));
    let (mut store, mut graph) = (Store::<f32>::default(), Graph::default());
    let frames = [0; 2].map(|_| Map::input(&mut graph, 1, size, 3));
    let mut time = None;
    let out = if model == "film" {
        let net = film::Net::new(film::Sizes::published(), &mut store, 0);
        let [first, second] = frames.map(|frame| net.pyramid(&mut graph, &store, frame));
        net.between(&mut graph, &store, &first, &second).frame.id
    } else {
        let net = xvfi::Net::new(xvfi::Sizes::published(), &mut store, 0);
        let features = frames.map(|frame| net.features(&mut graph, &store, frame, DEPTH));
        let mut motion = None;
        for level in (0..=DEPTH).rev() {
            let own = [features[0][level], features[1][level]];
            motion = Some(net.motion(&mut graph, &store, own, motion));
        }
        let Some(motion) = motion else { unreachable!("there is a level at least") };
        let t = *time.insert(graph.input(1, 1));
        let own = [features[0][0], features[1][0]];
        net.between(&mut graph, &store, frames, own, motion, t).frame.id
    };
    let read =
        |name: &str| Ok::<Named, Error>(tensor_file::load(&folder.join(name), &Budget::unlimited())?.0);
    store.load(&read("weights.safetensors")?)?;
    let mut program = Program::inference(graph, &[out]);
    let held = read("frames.safetensors")?;
    for (input, name) in frames.iter().zip(["first", "second"]) {
        program.input_mut(input.id).copy_from_slice(&held.matrix_f32(name)?.2);
    }
    drop(held);
    if let Some(t) = time {
        program.input_mut(t)[0] = 0.5;
    }
    let mut seconds = 0.0;
    for _ in 0..number(passes)? {
        let started = Instant::now();
        program.infer(&store);
        seconds = started.elapsed().as_secs_f64();
    }
    let mut made = Named::default();
    let values = Owned::F32(program.value(out).to_vec());
    made.insert("out", Tensor { shape: vec![size[0] * size[1], 3], values });
    tensor_file::save(&folder.join("ours.safetensors"), &made, "")?;
    println!("{{\"seconds\": {seconds}, \"values_bytes\": {}}}", program.bytes());
    Ok(())
}
