//! The risk-coverage curve as SVG.

use shared::statistics::Point;

/// Pixels of the plot, without its margins.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 30.0;

/// The curve, the line at α, and where the certified threshold cuts it.
pub fn svg(curve: &[Point], alpha: f64, threshold: Option<f64>) -> String {
    let highest = curve.iter().map(|point| point.risk).fold(alpha * 2.0, f64::max);
    let x = |coverage: f64| LEFT + WIDTH * coverage;
    let y = |risk: f64| TOP + HEIGHT * (1.0 - risk / highest);
    let points: Vec<String> =
        curve.iter().map(|point| format!("{:.1},{:.1}", x(point.coverage), y(point.risk))).collect();
    let mut body = String::new();
    for step in 0..=5 {
        let share = f64::from(step) / 5.0;
        let (at, risk) = (x(share), highest * share);
        body +=
            &format!("<line x1='{at:.1}' y1='{TOP}' x2='{at:.1}' y2='{:.1}' stroke='#ddd'/>\n", TOP + HEIGHT);
        body += &text(at, TOP + HEIGHT + 18.0, "middle", &format!("{:.0} %", share * 100.0));
        body += &text(LEFT - 8.0, y(risk) + 4.0, "end", &format!("{:.1} %", risk * 100.0));
    }
    body += &rule(y(alpha), &format!("alpha {:.1} %", alpha * 100.0));
    if let Some(cut) = threshold.and_then(|limit| curve.iter().rfind(|point| point.threshold > limit)) {
        let (at, risk) = (x(cut.coverage), y(cut.risk));
        body += &format!("<circle cx='{at:.1}' cy='{risk:.1}' r='5' fill='#0a6'/>\n");
        let label = format!("above {:.3}", threshold.unwrap_or_default());
        body += &text(at, risk - 10.0, "middle", &label);
    }
    let (width, height) = (LEFT + WIDTH + 30.0, TOP + HEIGHT + 50.0);
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' font-family='sans-serif' font-size='12'>\n\
         <rect width='{width}' height='{height}' fill='white'/>\n{body}\
         <polyline points='{}' fill='none' stroke='#06c' stroke-width='2'/>\n{}{}</svg>\n",
        points.join(" "),
        text(
            LEFT + WIDTH / 2.0,
            height - 10.0,
            "middle",
            "coverage: share of the tickets acted on, surest first"
        ),
        text(LEFT, TOP - 12.0, "start", "risk: share of wrong ones among them"),
    )
}

fn text(x: f64, y: f64, anchor: &str, words: &str) -> String {
    format!("<text x='{x:.1}' y='{y:.1}' text-anchor='{anchor}'>{words}</text>\n")
}

fn rule(y: f64, words: &str) -> String {
    let line = format!(
        "<line x1='{LEFT}' y1='{y:.1}' x2='{}' y2='{y:.1}' stroke='#c33' stroke-dasharray='4 3'/>\n",
        LEFT + WIDTH
    );
    line + &text(LEFT + WIDTH, y - 5.0, "end", words)
}

#[cfg(test)]
mod tests {
    use shared::statistics::{Judged, curve};

    use super::*;

    #[test]
    fn the_curve_stays_inside_its_frame() {
        let judged: Vec<Judged> = (0..50).map(|at| Judged::new(f64::from(at) / 50.0, at % 7 != 0)).collect();
        let picture = svg(&curve(&judged), 0.02, Some(0.5));
        let line = picture.split("polyline points='").nth(1).unwrap().split('\'').next().unwrap();
        let places: Vec<(f64, f64)> = line
            .split(' ')
            .map(|pair| pair.split_once(',').unwrap())
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        assert_eq!(places.len(), 50);
        assert!(
            places.iter().all(|(x, y)| (LEFT..=LEFT + WIDTH).contains(x) && (TOP..=TOP + HEIGHT).contains(y))
        );
        assert!(picture.contains("<circle") && picture.ends_with("</svg>\n"));
        assert!(!svg(&curve(&judged), 0.02, None).contains("<circle"));
    }
}
