//! `diabolo interpolate`: two pictures, a folder, a clip; and what is refused.

use super::mistakes::refused;
use super::{bytes, good};
use crate::io::Scratch;
use diabolo::io::frames;
use diabolo::models::interpolation::Frame;
use serde_json::Value;

fn write_scene(folder: &Scratch, name: &str, shift: usize, width: usize) {
    let pixel = |at: usize| {
        let (y, x) = (at / width, at % width + 40 - shift);
        let wave = ((0.3 * x as f64).sin() * 50.0 + (0.2 * y as f64).cos() * 50.0 + 120.0) as u8;
        [wave, 255 - wave, wave / 2]
    };
    let frame = Frame::new(40, width, (0..40 * width).flat_map(pixel).collect()).unwrap();
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    frames::write(&path, &frame).unwrap();
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn two_pictures_have_one_between() {
    let folder = Scratch::new();
    for (name, shift) in [("a.png", 0), ("m.png", 2), ("b.png", 4)] {
        write_scene(&folder, name, shift, 64);
    }
    let told = json(&good(&folder, "interpolate a.png b.png --truth m.png -o made.png --json"));
    let score = |name: &str| told[name].as_f64().expect(name);
    assert_eq!(score("frames"), 1.0);
    assert!(score("psnr") > score("psnr_of_mean") + 3.0 && score("ssim") > score("ssim_of_mean"), "{told}");
    // A table for people, and several times into a folder.
    assert!(good(&folder, "interpolate a.png b.png -o fast.png --quality fast").contains("fast.png"));
    good(&folder, "interpolate a.png b.png --t .25,.75 -o some --quiet");
    good(&folder, "interpolate a.png b.png --times 2 -o half.png --quiet");
    assert!(bytes(&folder, "half.png") == bytes(&folder, "made.png"));
    assert!(folder.path().join("some/00001.png").is_file());
}

#[test]
fn a_folder_grows_and_is_gone_on_with() {
    let folder = Scratch::new();
    for k in 0..3 {
        write_scene(&folder, &format!("in/frame{k}.png"), 2 * k, 64);
    }
    good(&folder, "interpolate in --times 3 -o out --quality fast --quiet");
    let names: Vec<String> = (0..7).map(|k| format!("out/{k:05}.png")).collect();
    let made: Vec<Vec<u8>> = names.iter().map(|name| bytes(&folder, name)).collect();
    assert!(!folder.path().join("out/00007.png").exists());
    // What is missing is made again, the same; the rest is left.
    std::fs::remove_file(folder.path().join(&names[4])).unwrap();
    let told = json(&good(&folder, "interpolate in --times 3 -o out --quality fast --resume --json"));
    assert_eq!(told["frames"], 2);
    let again: Vec<Vec<u8>> = names.iter().map(|name| bytes(&folder, name)).collect();
    assert!(made == again);
}

#[test]
fn a_clip_becomes_faster() {
    let folder = Scratch::new();
    let mut clip = b"YUV4MPEG2 W16 H16 F25:1 C444\n".to_vec();
    for k in 0..3_u8 {
        clip.extend_from_slice(b"FRAME\n");
        clip.extend((0..3 * 256).map(|at| 60 + k + (at % 50) as u8));
    }
    std::fs::write(folder.path().join("clip.y4m"), &clip).unwrap();
    good(&folder, "interpolate clip.y4m --times 4 -o fast.y4m --quiet");
    let made = bytes(&folder, "fast.y4m");
    assert!(made.starts_with(b"YUV4MPEG2 W16 H16 F100:1 C444\n"));
    assert_eq!(made.windows(6).filter(|window| window == b"FRAME\n").count(), 9);
}

#[test]
fn what_cannot_be_interpolated_is_refused() {
    let folder = Scratch::new();
    write_scene(&folder, "a.png", 0, 64);
    write_scene(&folder, "b.png", 2, 64);
    write_scene(&folder, "wide.png", 0, 65);
    write_scene(&folder, "mixed/1.png", 0, 64);
    write_scene(&folder, "mixed/2.png", 0, 65);
    write_scene(&folder, "one/1.png", 0, 64);
    std::fs::write(folder.path().join("no.y4m"), "text\n").unwrap();
    let told = |words: &str, code: i32, part: &str| refused(&folder, words, code, &[part]);
    told("interpolate a.png wide.png -o m.png", 65, "40 x 65");
    told("interpolate a.png b.png --t 1.5 -o m.png", 2, "not between 0 and 1");
    told("interpolate a.png b.png --t 0 -o m.png", 2, "not between 0 and 1");
    told("interpolate a.png b.png --t .2,.4 -o m.png", 2, "give a folder");
    told("interpolate a.png b.png -o folder", 2, ".png file");
    told("interpolate a.png b.png --t .5 --times 2 -o m.png", 2, "give one of them");
    told("interpolate a.png missing.png -o m.png", 74, "missing.png");
    told("interpolate a.png no.y4m -o m.png", 65, "no PNG or JPEG");
    told("interpolate mixed -o out", 65, "2.png");
    told("interpolate one -o out", 65, "fewer than two");
    told("interpolate mixed --t .5 -o out", 2, "--times");
    told("interpolate mixed -o out.png", 2, "give one");
    told("interpolate no.y4m -o out.y4m", 65, "no Y4M clip");
    told("interpolate no.y4m -o out", 2, ".y4m");
    told("interpolate a.png b.png -o m.png --memory-limit 20kB", 75, "memory limit");
    assert!(!folder.path().join("m.png").exists() && !folder.path().join("out.y4m").exists());
}

#[test]
fn a_network_learns_from_a_folder_and_makes_frames() {
    let folder = Scratch::new();
    for k in 0..9 {
        write_scene(&folder, &format!("in/frame{k}.png"), 2 * k, 48);
    }
    let film = "--levels 3 --fusion-levels 2 --sub-levels 2 --width 4 --flow-filters 4,4";
    let few = "--epochs 2 --steps 2 --crop 16 --batch-size 2 --validate-every 1 --quiet";
    good(&folder, &format!("fit film in --out film {film} {few}"));
    let told = json(&String::from_utf8(bytes(&folder, "film/metrics.json")).unwrap());
    assert!(["psnr", "psnr_of_mean", "gain_over_mean"].iter().all(|name| told[name].is_f64()), "{told}");
    good(&folder, &format!("fit xvfi in --out xvfi --width 4 {few}"));
    for run in ["film", "xvfi"] {
        good(&folder, &format!("interpolate in/frame0.png in/frame2.png --run {run} -o {run}.png --quiet"));
        good(&folder, &format!("interpolate in --run {run} --times 2 -o {run}_all --quiet"));
        assert!(folder.path().join(format!("{run}_all/00016.png")).is_file());
    }
    // Half way the frame of a pair is the one of the clip.
    good(&folder, "interpolate in/frame0.png in/frame1.png --run film -o first.png --quiet");
    assert!(bytes(&folder, "first.png") == bytes(&folder, "film_all/00001.png"));
    // A run goes on from another's parameters, and says what it lacks.
    good(&folder, &format!("fit film in --out again {film} --weights film/model.safetensors {few}"));
    let told = |words: &str, code: i32, part: &str| refused(&folder, words, code, &[part]);
    told(&format!("fit film in --out other --width 5 {few} --weights film/model.safetensors"), 65, "sub.0");
    told(&format!("fit film in --out other {film} {few} --style-weight 1"), 2, "--vgg FILE");
    told("interpolate in/frame0.png in/frame1.png --run film --t .3 -o m.png", 2, "1/64");
    told("interpolate in/frame0.png in/frame1.png --run film --quality best -o m.png", 2, "optical flow");
    good(&folder, "fit pca digits --out pca --n-components 2 --quiet");
    told("interpolate in/frame0.png in/frame1.png --run pca -o m.png", 2, "film or xvfi");
}
