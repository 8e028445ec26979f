//! How near one picture is to another.

/// Pixels along each side of the windows of [`ssim`].
const WINDOW: usize = 7;

/// 10 log10(range^2 / mean squared difference), dB; infinite for equal pictures.
/// # Panics
/// If the sizes differ or are 0.
pub fn psnr(picture: &[u8], truth: &[u8]) -> f64 {
    assert!(picture.len() == truth.len() && !truth.is_empty(), "pictures of one size");
    let square = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b)).pow(2);
    let squares: u64 = picture.iter().zip(truth).map(square).sum();
    let mean = squares as f64 / truth.len() as f64;
    10.0 * (255.0 * 255.0 / mean).log10()
}

/// The structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004), the mean over all 7 x 7 windows within the picture
/// and over its channels, with sample (co)variances:
///
/// (2 m_a m_b + c_1)(2 v_ab + c_2) / ((m_a^2 + m_b^2 + c_1)(v_a + v_b + c_2)), c_1 = (.01 range)^2, c_2 = (.03 range)^2
///
/// Channels of a pixel are side by side. 1 for equal pictures; not a number for those smaller than a window.
/// # Panics
/// If the sizes do not agree.
pub fn ssim(picture: &[u8], truth: &[u8], width: usize, n_channels: usize) -> f64 {
    let stride = width * n_channels;
    assert!(
        picture.len() == truth.len() && stride > 0 && truth.len().is_multiple_of(stride),
        "whole rows of one size"
    );
    let height = truth.len() / stride;
    if height < WINDOW || width < WINDOW {
        return f64::NAN;
    }
    let (c1, c2) = ((0.01_f64 * 255.0).powi(2), (0.03_f64 * 255.0).powi(2));
    let n = (WINDOW * WINDOW) as f64;
    let (mut sum, mut n_windows) = (0.0, 0_u64);
    // Sums over the last 7 rows of a, b, a^2, b^2 and ab: of bytes, so exact in whole numbers.
    let mut columns = vec![[0_u64; 5]; stride];
    let parts = |y: usize, j: usize| {
        let (a, b) = (u64::from(picture[y * stride + j]), u64::from(truth[y * stride + j]));
        [a, b, a * a, b * b, a * b]
    };
    for y in 0..height {
        for (j, column) in columns.iter_mut().enumerate() {
            column.iter_mut().zip(parts(y, j)).for_each(|(sum, part)| *sum += part);
            if y >= WINDOW {
                column.iter_mut().zip(parts(y - WINDOW, j)).for_each(|(sum, part)| *sum -= part);
            }
        }
        if y + 1 < WINDOW {
            continue;
        }
        for channel in 0..n_channels {
            let mut window = [0_u64; 5];
            for x in 0..width {
                let add = &columns[x * n_channels + channel];
                window.iter_mut().zip(add).for_each(|(sum, part)| *sum += part);
                if x >= WINDOW {
                    let old = &columns[(x - WINDOW) * n_channels + channel];
                    window.iter_mut().zip(old).for_each(|(sum, part)| *sum -= part);
                }
                if x + 1 < WINDOW {
                    continue;
                }
                let [a, b, aa, bb, ab] = window.map(|sum| sum as f64 / n);
                let unbiased = n / (n - 1.0);
                let (va, vb, vab) =
                    (unbiased * (aa - a * a), unbiased * (bb - b * b), unbiased * (ab - a * b));
                sum += (2.0 * a * b + c1) * (2.0 * vab + c2) / ((a * a + b * b + c1) * (va + vb + c2));
                n_windows += 1;
            }
        }
    }
    sum / n_windows as f64
}
