#![doc = include_str!("../README.md")]

pub mod answers;
pub mod card;
pub mod cost;
pub mod figures;
mod lexicon;
mod picture;
pub mod report;
pub mod sample;
pub mod scenery;
pub mod sets;
mod tables;
pub mod tickets;
