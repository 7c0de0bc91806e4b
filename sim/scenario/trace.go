package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// A trace is the story of a run as text, to be kept beside the scenario and reviewed: one line per thing that happened, by
// the file's names, with times after the start, and never a digit of a PIN. The same scenario gives the same trace on every
// machine and store.

// longestBlock bounds the lines of a block whose repetitions are folded into one.
const longestBlock = 8

// MaxTrace bounds the lines of a trace that are told one by one; a run with more of them has a digest.
const MaxTrace = 2000

// failedStep is the name of a record that tells of a failure.
const failedStep = "failed"

// line is one line of a trace.
type line struct {
	at     time.Time
	device lock.DeviceID
	code   lock.CodeID
	what   string // its kind and name
	text   string // without the time: equal texts are repetitions
	failed bool   // tells of a failure
}

// Trace returns the golden trace of the run.
func (res *Result) Trace() []byte {
	f := res.File
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n# start %s, run %s, seed %d\n\n", f.Name, f.Start.Format(time.RFC3339), strict.Short(f.Run), f.Seed)
	lines := res.lines()
	var rest []line
	if len(lines) > MaxTrace {
		lines, rest = res.digest(lines)
	}
	for len(lines) > 0 {
		size, times := repeats(lines)
		for _, l := range lines[:size] {
			fmt.Fprintf(&b, "%s  %s\n", f.stamp(l.at), l.text)
		}
		if times > 1 {
			last := lines[size*times-1]
			what := "the line above"
			if size > 1 {
				what = fmt.Sprintf("the %d lines above", size)
			}
			fmt.Fprintf(&b, "%s  …       %s, %d times more\n", f.stamp(last.at), what, times-1)
		}
		lines = lines[size*times:]
	}
	fmt.Fprintf(&b, "%s  end     %s\n", f.stamp(f.Start.Add(res.Span)), res.Verdict)
	if len(rest) > 0 {
		b.WriteString(f.sum(rest))
	}
	return []byte(b.String())
}

// repeats finds the shortest block at the beginning that is repeated at once at least twice more, and how often it stands
// there in all.
func repeats(lines []line) (size, times int) {
	for size = 1; size <= longestBlock && 3*size <= len(lines); size++ {
		times = 1
		for same(lines, size, times) {
			times++
		}
		if times >= 3 {
			return size, times
		}
	}
	return 1, 1
}

// same reports whether the block stands there once more after so many times.
func same(lines []line, size, times int) bool {
	at := size * times
	if at+size > len(lines) {
		return false
	}
	for i := range size {
		if lines[i].text != lines[at+i].text {
			return false
		}
	}
	return true
}

// lines turns records into lines, without those that say nothing new: hints, routine commands, faults that fire silently.
func (res *Result) lines() []line {
	var out []line
	for _, x := range res.Records {
		if text := res.File.words(x); text != "" {
			out = append(out, line{x.At, x.Device, x.Code, kindOf(x), text, x.Kind == sim.KindStep && x.Name == failedStep})
		}
	}
	return out
}

// words tells one record, or nothing.
func (f *File) words(x sim.Record) string {
	subject := join(string(x.Device), string(x.Code))
	text := x.Text
	switch x.Kind {
	case sim.KindNotice:
		return ""
	case sim.KindEvent:
		if strings.HasPrefix(x.Name, "command.") {
			return "" // the step has told it
		}
		subject = join(x.Name, subject)
	case sim.KindMemory:
		slot := ""
		if x.Slot > 0 {
			slot = "slot " + strconv.Itoa(x.Slot)
		}
		if !x.Window.IsZero() {
			slot = join(slot, f.span(x.Window))
		}
		subject = join(string(x.Device), slot, x.Name, string(x.Code))
	case sim.KindFault, sim.KindHeal, sim.KindFired:
		subject = join(x.On, x.Name)
		if x.Device != "" && string(x.Device) != x.On {
			subject = join(subject, string(x.Device))
		}
	case sim.KindTry:
		subject = join(string(x.Device), x.Name, string(x.Code))
	case sim.KindOutcome:
		subject, text = join(string(x.Device), x.Name, string(x.Code))+": "+text, ""
	default:
		subject = join(string(x.Device), x.Name, string(x.Code))
	}
	if text != "" {
		subject += " — " + text
	}
	return fmt.Sprintf("%-7s  %s", x.Kind, strings.ReplaceAll(subject, "\n", " "))
}

func join(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// stamp is an instant after the start, in a fixed width: +003h25m00.150s.
func (f *File) stamp(t time.Time) string {
	d := t.Sub(f.Start)
	return fmt.Sprintf("+%03dh%02dm%06.3fs", int(d.Hours()), int(d.Minutes())%60, (d % time.Minute).Seconds())
}

// after is an instant after the start, as short as it can be said: +4h.
func (f *File) after(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := t.Sub(f.Start)
	if d < 0 {
		return strict.Short(d)
	}
	return "+" + strict.Short(d)
}

// span is a half-open window: [+4h, +28h).
func (f *File) span(w lock.Window) string {
	from, to := "", ""
	if !w.From.IsZero() {
		from = f.after(w.From)
	}
	if !w.To.IsZero() {
		to = f.after(w.To)
	}
	return "[" + from + ", " + to + ")"
}

// around picks the lines of the trace around a failure that concern the same lock or code: what came just before, and after.
func (f *File) around(lines []line, x *Failure) []string {
	const before, after = 6, 2
	var early, late []string
	for _, l := range lines {
		if l.failed {
			continue
		}
		related := x.Device == "" && x.Code == "" || x.Device != "" && l.device == x.Device || x.Code != "" && l.code == x.Code
		if !related {
			continue
		}
		text := f.stamp(l.at) + "  " + l.text
		switch {
		case !l.at.After(x.At):
			early = append(early, text)
		case len(late) < after:
			late = append(late, text)
		}
	}
	return append(early[max(0, len(early)-before):], late...)
}

// Since says how long after the start an instant of the run lies, as short as it can be said.
func (res *Result) Since(t time.Time) string { return strict.Short(t.Sub(res.File.Start)) }
