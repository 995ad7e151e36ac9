//! Pictures as SVG, without anything that a browser would have to fetch.

use std::fmt::Write as _;

/// Side of a square plot, in pixels.
const SIDE: f64 = 420.0;
/// Room for axes and their names.
const MARGIN: f64 = 56.0;
const INK: &str = "#222";
const COLOURS: [&str; 6] = ["#1f5fa8", "#c0392b", "#2e8b57", "#8e44ad", "#d68910", "#566573"];

/// A named line of points between 0 and 1.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Where a plot's axes end; they begin at 0.
#[derive(Clone, Copy)]
pub(crate) struct Axes<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
    pub(crate) top: f64,
    /// Whether to draw where x is y.
    pub(crate) diagonal: bool,
}

/// Lines in a square.
pub(crate) fn plot(axes: Axes<'_>, lines: &[Line]) -> String {
    let height = SIDE + 2.0 * MARGIN + 18.0 * lines.len() as f64;
    let mut svg = begun(SIDE + 2.0 * MARGIN, height, axes.title);
    let place = |(x, y): (f64, f64)| {
        (MARGIN + x.clamp(0.0, 1.0) * SIDE, MARGIN + (1.0 - (y / axes.top).clamp(0.0, 1.0)) * SIDE)
    };
    grid(&mut svg, axes);
    if axes.diagonal {
        path(&mut svg, &[place((0.0, 0.0)), place((1.0, 1.0))], "#999", "4 4");
    }
    for (at, line) in lines.iter().enumerate() {
        let colour = COLOURS.get(at % COLOURS.len()).copied().unwrap_or(INK);
        let points: Vec<(f64, f64)> = thinned(&line.points).into_iter().map(place).collect();
        path(&mut svg, &points, colour, "none");
        let y = SIDE + 2.0 * MARGIN + 18.0 * at as f64;
        let _ = write!(
            svg,
            "<rect x=\"{MARGIN}\" y=\"{}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>",
            y - 6.0
        );
        text(&mut svg, (MARGIN + 22.0, y), "start", 0.0, &line.name);
    }
    svg + "</svg>\n"
}

/// At most some 400 of the points, the last one among them: more cannot be seen.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(400).max(1);
    points.iter().step_by(step).chain(points.last()).copied().collect()
}

fn grid(svg: &mut String, axes: Axes<'_>) {
    for tenth in 0..=5 {
        let share = f64::from(tenth) / 5.0;
        let (x, y) = (MARGIN + share * SIDE, MARGIN + (1.0 - share) * SIDE);
        let (left, low) = (MARGIN, MARGIN + SIDE);
        let _ = write!(
            svg,
            "<path d=\"M{left} {y:.1}h{SIDE}M{x:.1} {low}v-{SIDE}\" stroke=\"#ddd\" fill=\"none\"/>"
        );
        text(svg, (left - 6.0, y + 4.0), "end", 0.0, &trimmed(share * axes.top));
        text(svg, (x, low + 16.0), "middle", 0.0, &trimmed(share));
    }
    text(svg, (MARGIN + SIDE / 2.0, MARGIN + SIDE + 34.0), "middle", 0.0, axes.x);
    text(svg, (14.0, MARGIN + SIDE / 2.0), "middle", -90.0, axes.y);
}

fn trimmed(value: f64) -> String {
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A square of shares, dark where a row's share is large; each field says its count.
pub(crate) fn matrix(title: &str, names: &[&str], counts: &[Vec<usize>]) -> String {
    const FIELD: f64 = 26.0;
    const LEFT: f64 = 200.0;
    let side = FIELD * names.len() as f64;
    let mut svg = begun(LEFT + side + 20.0, LEFT + side + 30.0, title);
    for (row, (name, counts)) in names.iter().zip(counts).enumerate() {
        let (y, all) = (LEFT + FIELD * row as f64, counts.iter().sum::<usize>());
        text(&mut svg, (LEFT - 6.0, y + 17.0), "end", 0.0, name);
        text(&mut svg, (LEFT + FIELD * row as f64 + 17.0, LEFT - 6.0), "start", -90.0, name);
        for (column, count) in counts.iter().enumerate() {
            let share = if all == 0 { 0.0 } else { *count as f64 / all as f64 };
            field(&mut svg, (LEFT + FIELD * column as f64, y), FIELD, share, *count);
        }
    }
    text(
        &mut svg,
        (LEFT, LEFT + side + 16.0),
        "start",
        0.0,
        "rows: the true intent; columns: what was answered; a field: how many texts",
    );
    svg + "</svg>\n"
}

fn field(svg: &mut String, (x, y): (f64, f64), side: f64, share: f64, count: usize) {
    // A root, so that one text in a hundred can be seen.
    let depth = share.sqrt();
    let shade = |light: f64, dark: f64| (light + (dark - light) * depth).round();
    let (red, green, blue) = (shade(255.0, 8.0), shade(255.0, 48.0), shade(255.0, 107.0));
    let _ = write!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" fill=\"rgb({red},{green},{blue})\" stroke=\"#eee\"/>"
    );
    if count > 0 {
        let ink = if depth > 0.6 { "#fff" } else { INK };
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"9\" fill=\"{ink}\">{count}</text>",
            x + side / 2.0,
            y + side / 2.0 + 3.0
        );
    }
}

fn begun(width: f64, height: f64, title: &str) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    );
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"22\" font-size=\"14\" fill=\"{INK}\">{}</text>",
        20.0,
        escaped(title)
    );
    svg
}

fn path(svg: &mut String, points: &[(f64, f64)], colour: &str, dashes: &str) {
    let mut way = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        let _ = write!(way, "{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    }
    let _ = write!(
        svg,
        "<path d=\"{way}\" stroke=\"{colour}\" stroke-width=\"1.8\" stroke-dasharray=\"{dashes}\" fill=\"none\"/>"
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, turned: f64, text: &str) {
    let _ = write!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{INK}\" transform=\"rotate({turned} {x:.1} {y:.1})\">{}</text>",
        escaped(text)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_break_a_picture() {
        let svg = matrix("a < b & c", &["x"], &[vec![3]]);
        assert!(svg.contains("a &lt; b &amp; c") && svg.contains(">3</text>") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn a_long_line_is_thinned_but_ends_where_it_ended() {
        let points: Vec<(f64, f64)> = (0..10_000).map(|at| (f64::from(at) / 1e4, 0.5)).collect();
        let few = thinned(&points);
        assert!(few.len() < 402 && few.last() == points.last());
    }
}
