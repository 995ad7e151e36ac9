use proptest::prelude::*;

use super::*;

fn rows() -> impl Strategy<Value = Vec<Judged>> {
    // Few distinct scores, so that ties occur.
    let one =
        (0u32..=20, any::<bool>()).prop_map(|(score, right)| Judged::new(f64::from(score) / 20.0, right));
    prop::collection::vec(one, 1..80)
}

/// The definition, term by term.
fn cumulative_by_sum(successes: u64, trials: u64, p: f64) -> f64 {
    let mut sum = 0.0;
    let mut choose = 1.0;
    for k in 0..=successes {
        if k > 0 {
            choose = choose * (trials - k + 1) as f64 / k as f64;
        }
        sum += choose * p.powi(k as i32) * (1.0 - p).powi((trials - k) as i32);
    }
    sum
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn the_bounds_are_those_of_the_tables() {
    // Rule of three, exactly: 1 - 0.05^(1/n).
    assert!(near(binomial::upper(0, 100, 0.95), 1.0 - 0.05_f64.powf(0.01)));
    // Two-sided 95 % for 10 of 100, as R's binom.test gives it.
    let (low, high) = binomial::interval(10, 100, 0.95);
    assert!((low - 0.049_004_69).abs() < 1e-7 && (high - 0.176_222_6).abs() < 1e-7, "{low} {high}");
    assert_eq!(binomial::interval(0, 0, 0.95), (0.0, 1.0));
    // 149 right answers in a row show at most 2 % wrong with 95 % confidence; 148 do not.
    assert_eq!(binomial::trials_needed(0, 0.02, 0.95), Some(149));
    assert!(binomial::upper(0, 149, 0.95) <= 0.02 && binomial::upper(0, 148, 0.95) > 0.02);
    assert_eq!(binomial::trials_needed(3, 0.0, 0.95), None);
}

#[test]
fn a_figure_worked_by_hand_comes_out() {
    let judged = [(0.9, true), (0.8, false), (0.7, true), (0.6, true)].map(|(s, r)| Judged::new(s, r));
    assert!(near(aurc(&judged), (0.0 + 0.5 + 1.0 / 3.0 + 0.25) / 4.0));
    assert!(near(auroc(&judged).unwrap(), 1.0 / 3.0));
    assert!(near(brier(&judged), (0.01 + 0.64 + 0.09 + 0.16) / 4.0));
    assert!(near(ece(&judged, 2), (0.5 * (0.65_f64 - 1.0).abs()) + 0.5 * (0.85_f64 - 0.5).abs()));
    let points = curve(&judged);
    assert_eq!(points[1], Point { threshold: 0.8, acted: 2, wrong: 1, coverage: 0.5, risk: 0.5 });
    assert_eq!(coverage_at(&points, 0.25), 1.0);
    assert_eq!(coverage_at(&points, 0.1), 0.25);
    let pairs = [("a", "a"), ("a", "b"), ("b", "b"), ("b", "c")];
    assert!(near(macro_f1(pairs), (2.0 / 3.0 + 0.5) / 2.0));
    assert_eq!(by_class(pairs)["c"], ClassFigures { rows: 0, said: 1, hit: 0 });
}

#[test]
fn nothing_has_figures_that_promise_nothing() {
    assert_eq!((aurc(&[]), brier(&[]), ece(&[], BINS), auroc(&[])), (0.0, 0.0, 0.0, None));
    assert!(curve(&[]).is_empty() && reliability(&[], BINS).is_empty());
    assert_eq!(bootstrap(0, 100, 0.95, 1, |_| Some(1.0)), None);
    assert_eq!(macro_f1([]), 0.0);
}

#[test]
fn a_score_that_is_no_number_is_the_least_sure() {
    let judged = [Judged::new(f64::NAN, true), Judged::new(0.1, false)];
    assert_eq!(curve(&judged)[0].wrong, 1);
    assert_eq!(auroc(&judged), Some(0.0));
}

#[test]
fn a_bootstrap_repeats_itself_and_covers_the_mean() {
    let judged: Vec<Judged> = (0..400).map(|row| Judged::new(0.5, row % 4 != 0)).collect();
    let right = |rows: &[usize]| {
        Some(rows.iter().filter(|row| judged[**row].right).count() as f64 / rows.len() as f64)
    };
    let (low, high) = bootstrap(judged.len(), 1_000, 0.95, 7, right).unwrap();
    assert!(low < 0.75 && high > 0.75 && high - low < 0.12, "{low} {high}");
    assert_eq!(bootstrap(judged.len(), 1_000, 0.95, 7, right).unwrap(), (low, high));
    assert_ne!(bootstrap(judged.len(), 1_000, 0.95, 8, right).unwrap(), (low, high));
}

proptest! {
    #[test]
    fn the_cumulative_probability_is_the_sum_of_its_terms(trials in 1u64..60, part in 0.0..1.0f64, p in 0.001..0.999f64) {
        let successes = (part * trials as f64) as u64;
        prop_assert!(near(binomial::cumulative(successes, trials, p), cumulative_by_sum(successes, trials, p)));
    }

    #[test]
    fn the_upper_bound_is_where_the_test_just_rejects(trials in 1u64..3_000, part in 0.0..1.0f64, confidence in 0.5..0.999f64) {
        let successes = (part * trials as f64) as u64;
        let bound = binomial::upper(successes, trials, confidence);
        prop_assert!(bound >= successes as f64 / trials as f64);
        if successes < trials {
            prop_assert!((binomial::cumulative(successes, trials, bound) - (1.0 - confidence)).abs() < 1e-7);
        }
        prop_assert!(binomial::lower(successes, trials, confidence) <= bound);
    }

    #[test]
    fn the_trials_needed_are_the_fewest_that_do(errors in 0u64..30, most in 0.005..0.5f64) {
        let trials = binomial::trials_needed(errors, most, 0.95).unwrap();
        prop_assert!(binomial::cumulative(errors, trials, most) <= 0.05 + 1e-12);
        prop_assert!(binomial::cumulative(errors, trials - 1, most) > 0.05 - 1e-12);
    }

    #[test]
    fn figures_stay_in_their_range_and_do_not_depend_on_the_order(judged in rows(), turn in 0usize..80) {
        let mut turned = judged.clone();
        turned.rotate_left(turn % judged.len());
        for figure in [aurc(&judged), ece(&judged, BINS), brier(&judged), auroc(&judged).unwrap_or(0.5)] {
            prop_assert!((0.0..=1.0).contains(&figure));
        }
        prop_assert!(near(aurc(&judged), aurc(&turned)));
        prop_assert!(near(brier(&judged), brier(&turned)));
        prop_assert_eq!(auroc(&judged), auroc(&turned));
        prop_assert_eq!(curve(&judged), curve(&turned));
    }

    #[test]
    fn the_curve_ends_with_everything_and_its_coverage_only_grows(judged in rows()) {
        let points = curve(&judged);
        let last = points.last().unwrap();
        prop_assert_eq!(last.acted as usize, judged.len());
        prop_assert_eq!(last.wrong as usize, judged.iter().filter(|one| !one.right).count());
        prop_assert!(points.windows(2).all(|pair| pair[0].coverage < pair[1].coverage && pair[0].threshold > pair[1].threshold));
    }

    #[test]
    fn the_auroc_is_the_share_of_pairs_in_order(judged in rows()) {
        let (mut pairs, mut ordered) = (0.0, 0.0);
        for right in judged.iter().filter(|one| one.right) {
            for wrong in judged.iter().filter(|one| !one.right) {
                pairs += 1.0;
                ordered += if right.score > wrong.score { 1.0 } else if right.score == wrong.score { 0.5 } else { 0.0 };
            }
        }
        prop_assert_eq!(auroc(&judged).is_some(), pairs > 0.0);
        if let Some(area) = auroc(&judged) {
            prop_assert!(near(area, ordered / pairs));
        }
    }

    #[test]
    fn every_row_is_in_one_bin(judged in rows(), bins in 1usize..20) {
        let table = reliability(&judged, bins);
        prop_assert_eq!(table.iter().map(|bin| bin.rows as usize).sum::<usize>(), judged.len());
        prop_assert!(table.len() <= bins);
        prop_assert!(table.iter().all(|bin| bin.from <= bin.claimed + 1e-9 && bin.claimed <= bin.to + 1e-9));
    }
}
