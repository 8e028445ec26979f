//! Zachary's karate club: 34 members, 78 friendships, and the two clubs it became.
//!
//! W. W. Zachary 1977, An information flow model for conflict and fission in small groups, Journal of
//! Anthropological Research 33:452-473; friendships as in his figure 1, clubs as after the split.

use crate::linalg::{Features, Graph};
use crate::models::{Dataset, Labels, Names};

/// Each member (1 to 34) with the friends of higher number.
const FRIENDS: &[(u32, &[u32])] = &[
    (1, &[2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 18, 20, 22, 32]),
    (2, &[3, 4, 8, 14, 18, 20, 22, 31]),
    (3, &[4, 8, 9, 10, 14, 28, 29, 33]),
    (4, &[8, 13, 14]),
    (5, &[7, 11]),
    (6, &[7, 11, 17]),
    (7, &[17]),
    (9, &[31, 33, 34]),
    (10, &[34]),
    (14, &[34]),
    (15, &[33, 34]),
    (16, &[33, 34]),
    (19, &[33, 34]),
    (20, &[34]),
    (21, &[33, 34]),
    (23, &[33, 34]),
    (24, &[26, 28, 30, 33, 34]),
    (25, &[26, 28, 32]),
    (26, &[32]),
    (27, &[30, 34]),
    (28, &[34]),
    (29, &[32, 34]),
    (30, &[33, 34]),
    (31, &[33, 34]),
    (32, &[33, 34]),
    (33, &[34]),
];

/// The members who stayed with the instructor, Mr. Hi (member 1); the others followed the officers
/// (around member 34).
const WITH_MR_HI: [u32; 17] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 17, 18, 20, 22];

/// Number of members.
const N_MEMBERS: u32 = 34;

/// The friendships, each of weight 1; node `i` is member `i + 1`.
pub fn karate_graph() -> Graph {
    let edges: Vec<(u32, u32, f64)> = FRIENDS
        .iter()
        .flat_map(|&(member, friends)| friends.iter().map(move |&friend| (member - 1, friend - 1, 1.0)))
        .collect();
    Graph::from_edges(N_MEMBERS as usize, &edges).expect("the table names members 1 to 34 only")
}

/// The adjacency matrix, 34 x 34, labelled by club.
pub fn karate() -> Dataset {
    let members: Vec<String> = (1..=N_MEMBERS).map(|member| format!("member_{member}")).collect();
    let clubs: Vec<String> = (1..=N_MEMBERS)
        .map(|member| if WITH_MR_HI.contains(&member) { "Mr. Hi" } else { "Officer" }.to_owned())
        .collect();
    Dataset {
        features: Features::Sparse(karate_graph().adjacency().clone()),
        names: Names { samples: Some(members.clone()), features: Some(members), ..Names::default() },
        labels: Some(Labels::from_names(&clubs)),
        batches: None,
    }
}
