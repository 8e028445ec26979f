//! Applications: rooms of one field's question each, built of what lies below. They keep the contract of
//! [`crate::models`] like all rooms, and do not know each other.

pub mod deconvolution;
pub mod joint_nmf;
pub mod metagene;
pub mod starfysh;
