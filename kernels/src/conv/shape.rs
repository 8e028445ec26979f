//! What a convolution does with pixels: its window, and the sizes of what it reads and makes.

/// How the window meets the pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// y_o = sum_k x_(s o + k - p) W_k
    Plain,
    /// The same of the picture at twice the size, every pixel four times (stride 1); never made, but folded into the
    /// weights: of a 3 x 3 window each of the four pixels sees 2 x 2 others.
    Upsampled,
    /// What the gradient of a plain one does: y_(s i + k - p) = sum x_i W_k (Dumoulin & Visin 2016).
    Transposed,
}

/// A window that slides over pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Height and width.
    pub kernel: [usize; 2],
    /// Pixels from place to place, down and across; of a transposed one, of what it makes.
    pub stride: usize,
    /// Zeros around what is read (top, left, bottom, right); of a transposed one, pixels cut off what is made.
    pub padding: [usize; 4],
    /// How it meets the pixels.
    pub kind: Kind,
}

impl Window {
    /// A plain window with the same padding on all sides.
    pub fn plain(kernel: [usize; 2], stride: usize, padding: usize) -> Window {
        Window { kernel, stride, padding: [padding; 4], kind: Kind::Plain }
    }

    /// A plain window of stride 1 that keeps the size: of an odd number of pixels the rest of the padding is below and
    /// to the right.
    pub fn same(kernel: [usize; 2]) -> Window {
        let before = kernel.map(|k| (k.max(1) - 1) / 2);
        let after = kernel.map(|k| k / 2);
        let padding = [before[0], before[1], after[0], after[1]];
        Window { kernel, stride: 1, padding, kind: Kind::Plain }
    }

    /// A transposed window.
    pub fn transposed(kernel: [usize; 2], stride: usize, padding: usize) -> Window {
        Window { kernel, stride, padding: [padding; 4], kind: Kind::Transposed }
    }

    /// A window of stride 1 that reads the picture at twice its size, every pixel four times.
    pub fn upsampled(self) -> Window {
        Window { kind: Kind::Upsampled, ..self }
    }

    /// Pixels of a window.
    pub fn area(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }
}

/// A convolution of pictures: pixels are rows, channels are columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvShape {
    /// Pictures.
    pub n_images: usize,
    /// Rows of pixels that are read.
    pub height: usize,
    /// Pixels in a row that are read.
    pub width: usize,
    /// Channels that are read, of all parts.
    pub in_channels: usize,
    /// Channels that are made.
    pub out_channels: usize,
    /// The window.
    pub window: Window,
}

impl ConvShape {
    /// Rows of pixels that are made.
    /// # Panics
    /// If there is none.
    pub fn out_height(&self) -> usize {
        self.out_size(0)
    }

    /// Pixels in a row that are made.
    /// # Panics
    /// If there is none.
    pub fn out_width(&self) -> usize {
        self.out_size(1)
    }

    /// Pixels that are read, of all pictures.
    pub fn in_pixels(&self) -> usize {
        self.n_images * self.height * self.width
    }

    /// Pixels that are made, of all pictures.
    pub fn out_pixels(&self) -> usize {
        self.n_images * self.out_height() * self.out_width()
    }

    /// Rows of the matrix of weights.
    pub fn weight_rows(&self) -> usize {
        self.window.area() * self.in_channels
    }

    /// Multiply-adds by the definition, zeros counted.
    pub fn multiply_adds(&self) -> usize {
        let places = if self.window.kind == Kind::Transposed { self.in_pixels() } else { self.out_pixels() };
        places * self.weight_rows() * self.out_channels
    }

    fn out_size(&self, axis: usize) -> usize {
        let Window { kernel, stride, padding, kind } = self.window;
        let (size, k) = ([self.height, self.width][axis], kernel[axis]);
        let (before, after) = (padding[axis], padding[axis + 2]);
        assert!(stride > 0 && k > 0 && size > 0, "a window, a stride and pixels: {self:?}");
        let made = match kind {
            Kind::Plain => (size + before + after + stride).checked_sub(k).map(|room| room / stride),
            Kind::Upsampled => {
                assert!(stride == 1, "an upsampled window has stride 1");
                (2 * size + before + after + 1).checked_sub(k)
            }
            Kind::Transposed => ((size - 1) * stride + k).checked_sub(before + after),
        };
        match made {
            Some(made) if made > 0 => made,
            _ => panic!("the window is larger than what it reads: {self:?}"),
        }
    }
}
