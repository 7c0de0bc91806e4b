package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/sim/scenario"
)

// Text writes a line per scenario, what went wrong with it, and a last line that counts.
func Text(w io.Writer, items []Item) error {
	for _, i := range items {
		if err := Line(w, i); err != nil {
			return err
		}
	}
	return Total(w, items)
}

// Line writes one scenario's line, and what went wrong with it.
func Line(w io.Writer, i Item) error {
	var b strings.Builder
	if why := i.Skipped(); why != "" {
		fmt.Fprintf(&b, "%-11s  %s: %s: %s\n", "skipped", i.Path, i.Name(), why)
	} else if r := i.Result; r != nil {
		fmt.Fprintf(&b, "%-11s  %7s  %8d events  %6s  %s: %s\n", i.Verdict(), Long(r.Span), r.Events, wall(i.Wall), i.Path, i.Name())
	} else {
		fmt.Fprintf(&b, "%-11s  %s\n", i.Verdict(), i.Path)
	}
	text := b.String()
	for _, p := range i.problems() {
		text += "  " + p.String() + "\n"
		for _, l := range p.around {
			text += "      " + l + "\n"
		}
	}
	_, err := io.WriteString(w, text)
	return err
}

// Total writes the line that counts.
func Total(w io.Writer, items []Item) error {
	_, err := fmt.Fprintln(w, total(items))
	return err
}

func total(items []Item) string {
	var events int64
	var span, took time.Duration
	bad, skipped := 0, 0
	for _, i := range items {
		took += i.Wall
		if i.Verdict() != scenario.Pass {
			bad++
		}
		if i.Skipped() != "" {
			skipped++
		}
		if i.Result != nil {
			events += i.Result.Events
			span += i.Result.Span
		}
	}
	verdict := "all pass"
	if bad > 0 {
		verdict = fmt.Sprintf("%d fail", bad)
	}
	if skipped > 0 {
		verdict += fmt.Sprintf(", %d skipped", skipped)
	}
	return fmt.Sprintf("%d scenarios, %s: %s of virtual time, %d events, %s", len(items), verdict, Long(span), events, wall(took))
}

// Long prints a span of virtual time: 48h, 3h25m, 30d.
func Long(d time.Duration) string {
	if d >= 10*24*time.Hour && d%time.Hour == 0 {
		s := fmt.Sprintf("%dd", d/(24*time.Hour))
		if h := d % (24 * time.Hour) / time.Hour; h > 0 {
			s += fmt.Sprintf("%dh", h)
		}
		return s
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// wall prints real time, which nobody compares: to the millisecond.
func wall(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}
