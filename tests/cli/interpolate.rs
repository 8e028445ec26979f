//! `diabolo interpolate`: two pictures, a folder, a clip; and what is refused.

use super::mistakes::refused;
use super::{bytes, command, good, run};
use crate::io::Scratch;
use diabolo::io::frames;
use diabolo::models::interpolation::Frame;
use diabolo::monitor::Budget;
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
    assert!(told["frames"] == 1 && told["kept"] == 6, "{told}");
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
    write_scene(&folder, "gap/f01.png", 0, 64);
    write_scene(&folder, "gap/f02.png", 0, 64);
    write_scene(&folder, "gap/f04.png", 0, 64);
    told("interpolate gap -o out", 65, "missing between f02.png and f04.png");
    told("interpolate gap --fps 60 -o out", 2, "--from-fps");
    told("interpolate gap --fps 60 --times 2 -o out", 2, "give one of them");
    told("interpolate gap --fps sixty --from-fps 24 -o out", 2, "write 60, 59.94");
    told("interpolate gap --fps 0 --from-fps 24 -o out", 2, "write 60, 59.94");
    told("interpolate a.png b.png --fps 60 -o m.png", 2, "--times");
    told("interpolate a.png b.png --evaluate", 2, "folder");
    told("interpolate mixed --evaluate", 65, "fewer than three");
    told("interpolate mixed --evaluate -o out", 2, "leave -o");
    told("interpolate a.png b.png", 2, "-o");
    told("interpolate one -o out", 65, "fewer than two");
    told("interpolate mixed --t .5 -o out", 2, "--times");
    told("interpolate mixed -o out.png", 2, "give one");
    told("interpolate no.y4m -o out.y4m", 65, "no Y4M clip");
    told("interpolate no.y4m -o out", 2, ".y4m");
    told("interpolate a.png b.png -o m.png --memory-limit 20kB", 75, "memory limit");
    assert!(!folder.path().join("m.png").exists() && !folder.path().join("out.y4m").exists());
    assert!(!folder.path().join("out.y4m.part").exists());
}

/// A clip of 4:4:4 frames in which a pattern moves.
fn clip(folder: &Scratch, name: &str, n_frames: usize, rate: &str) {
    let (h, w) = (24, 32);
    let mut clip = format!("YUV4MPEG2 W{w} H{h} F{rate} C444\n").into_bytes();
    for k in 0..n_frames {
        clip.extend_from_slice(b"FRAME\n");
        let plane = |c: usize| {
            (0..h * w).map(move |at| (60 + (7 * (at % w + k) + 3 * (at / w) + 40 * c) % 120) as u8)
        };
        (0..3).for_each(|c| clip.extend(plane(c)));
    }
    std::fs::write(folder.path().join(name), &clip).unwrap();
}

#[test]
fn any_rate_is_made() {
    let folder = Scratch::new();
    clip(&folder, "film.y4m", 5, "24:1");
    good(&folder, "interpolate film.y4m --fps 60 -o tv.y4m --quality fast --quiet");
    let made = bytes(&folder, "tv.y4m");
    assert!(made.starts_with(b"YUV4MPEG2 W32 H24 F60:1 C444\n"));
    let count = |made: &[u8]| made.windows(6).filter(|window| window == b"FRAME\n").count();
    // 4 / 24 seconds and the frame they end in: 0, 1/60, ... 10/60.
    assert_eq!(count(&made), 11);
    // Fewer frames, of which each second one is the clip's own.
    good(&folder, "interpolate film.y4m --fps 12 -o few.y4m --quiet");
    assert_eq!(count(&bytes(&folder, "few.y4m")), 3);
    good(&folder, "interpolate film.y4m --fps 59.94 -o ntsc.y4m --quality fast --quiet");
    assert!(bytes(&folder, "ntsc.y4m").starts_with(b"YUV4MPEG2 W32 H24 F5994:100 C444\n"));
    refused(&folder, "interpolate film.y4m --fps 60 --from-fps 25 -o x.y4m", 2, &["24 frames in 1 seconds"]);
    for k in 0..3 {
        write_scene(&folder, &format!("in/frame{}.png", 9 + k), 2 * k, 64);
    }
    // 9, 10, 11 in the order of their numbers.
    good(&folder, "interpolate in --from-fps 10 --fps 25 -o out --quality fast --quiet");
    let n = std::fs::read_dir(folder.path().join("out")).unwrap().count();
    assert_eq!(n, 6);
    assert_eq!(frame_of(&folder, "out/00000.png"), frame_of(&folder, "in/frame9.png"));
    assert_eq!(frame_of(&folder, "out/00005.png"), frame_of(&folder, "in/frame11.png"));
}

fn frame_of(folder: &Scratch, name: &str) -> Frame {
    frames::read(&folder.path().join(name), &Budget::unlimited()).unwrap().0
}

#[test]
fn a_clip_cut_off_is_gone_on_with_to_the_same_bytes() {
    let folder = Scratch::new();
    clip(&folder, "clip.y4m", 9, "25:1");
    let line = "interpolate clip.y4m --times 3 --quality fast --quiet";
    good(&folder, &format!("{line} -o whole.y4m"));
    let whole = bytes(&folder, "whole.y4m");
    let start = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let of_frame = 6 + 3 * 24 * 32;
    // After nothing, within the first line, after some whole frames, within one, after all.
    for n in [
        0,
        5,
        start,
        start + 4 * of_frame,
        start + 7 * of_frame + 100,
        start + 12 * of_frame - 1,
        whole.len(),
    ] {
        std::fs::write(folder.path().join("cut.y4m.part"), &whole[..n]).unwrap();
        let told =
            json(&good(&folder, &format!("{} -o cut.y4m --resume --json", line.replace(" --quiet", ""))));
        assert!(bytes(&folder, "cut.y4m") == whole, "cut at {n}");
        let kept = n.saturating_sub(start) / of_frame;
        assert_eq!(told["kept"], kept, "cut at {n}: {told}");
        assert!(
            !folder.path().join("cut.y4m.part").exists() && !folder.path().join("cut.y4m.part.by").exists()
        );
    }
    // Frames by another flow are not gone on with; those by the same are.
    std::fs::write(folder.path().join("cut.y4m.part"), &whole[..start + 4 * of_frame]).unwrap();
    std::fs::write(folder.path().join("cut.y4m.part.by"), "optical flow, best").unwrap();
    refused(
        &folder,
        &format!("{line} -o cut.y4m --resume"),
        2,
        &["by optical flow, best", "optical flow, fast"],
    );
    std::fs::write(folder.path().join("cut.y4m.part.by"), "optical flow, fast").unwrap();
    good(&folder, &format!("{line} -o cut.y4m --resume"));
    assert!(bytes(&folder, "cut.y4m") == whole);
    std::fs::write(
        folder.path().join("cut.y4m.part"),
        b"YUV4MPEG2 W16 H16 F75:1 C444 and more of it\nFRAME\n",
    )
    .unwrap();
    refused(&folder, &format!("{line} -o cut.y4m --resume"), 2, &["another size or rate"]);
    good(&folder, &format!("{line} -o cut.y4m"));
    assert!(bytes(&folder, "cut.y4m") == whole);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_whole() {
    let folder = Scratch::new();
    clip(&folder, "long.y4m", 4000, "25:1");
    let line = "interpolate long.y4m --times 4 --quality best --quiet";
    let child = command(&folder, &format!("{line} -o slow.y4m"))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let part = folder.path().join("slow.y4m.part");
    while std::fs::metadata(&part).map_or(0, |metadata| metadata.len()) < 100_000 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let interrupt = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &interrupt]).status().expect("a shell").success());
    let output = child.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.lines().count() == 1 && said.contains("--resume"), "{said}");
    let (start, of_frame) = (b"YUV4MPEG2 W32 H24 F100:1 C444\n".len(), 6 + 3 * 24 * 32);
    let length = std::fs::metadata(&part).expect("what is whole").len() as usize;
    assert_eq!((length - start) % of_frame, 0);
}

#[test]
fn a_page_shows_flow_and_errors() {
    let folder = Scratch::new();
    for k in 0..5 {
        write_scene(&folder, &format!("in/frame{k}.png"), 2 * k, 64);
    }
    let told = json(&good(
        &folder,
        "interpolate in/frame0.png in/frame2.png --truth in/frame1.png -o m.png --out page --json",
    ));
    let score = |told: &Value, name: &str| told[name].as_f64().expect(name);
    assert!(score(&told, "tof") < score(&told, "tof_of_mean"), "{told}");
    let page = String::from_utf8(bytes(&folder, "page/report.html")).expect("text");
    for part in [
        "Motion from the first frame",
        "the wheel: to its edge",
        "Distance from the truth",
        "tOF is the mean length",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("NaN") && folder.path().join("page/flow.png").is_file());
    let told = json(&good(&folder, "interpolate in --evaluate --out judged --json"));
    assert_eq!(told["frames"], 2);
    assert!(score(&told, "psnr") > score(&told, "psnr_of_mean") + 3.0, "{told}");
    assert!(
        String::from_utf8(bytes(&folder, "judged/report.html"))
            .expect("text")
            .contains("Frames left out: PSNR")
    );
    assert!(!folder.path().join("judged/00000.png").exists());
}

#[test]
fn pictures_of_other_kinds_are_converted_and_that_is_said() {
    let folder = Scratch::new();
    write_scene(&folder, "a.png", 0, 64);
    let write = |name: &str, color: png::ColorType, depth: png::BitDepth, data: &[u8]| {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 64, 40);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if color == png::ColorType::Indexed {
            encoder.set_palette(vec![10, 20, 30, 200, 100, 50]);
        }
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        folder.file(name, &file);
    };
    write("deep.png", png::ColorType::Rgb, png::BitDepth::Sixteen, &[130; 64 * 40 * 6]);
    write("listed.png", png::ColorType::Indexed, png::BitDepth::Eight, &[1; 64 * 40]);
    for (name, said) in [("deep.png", "16 bits a channel are rounded to 8"), ("listed.png", "a palette")] {
        let output = run(&folder, &format!("interpolate a.png {name} -o m.png"));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && told.contains(said), "{told}");
        assert_eq!((frame_of(&folder, "m.png").height(), frame_of(&folder, "m.png").width()), (40, 64));
    }
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
