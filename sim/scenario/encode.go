package scenario

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/internal/strict"
)

// Encode writes a scenario as the TOML that Decode reads back as an equal one, but for the places in the file. Times are
// relative to the start, every `*` and fleet is spelt out, digits stand there in clear. The error names what no scenario can
// say; what the bounds of the format forbid is for Decode to refuse.
func Encode(f *File) ([]byte, error) {
	if f.Seed > math.MaxInt64 {
		return nil, fmt.Errorf("seed: %d is larger than a scenario can say", f.Seed)
	}
	steps, err := f.stepDecls()
	if err != nil {
		return nil, err
	}
	expects, err := f.expectDecls()
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	block(&out, "[scenario]", headShape(), f.headDecl())
	for _, a := range f.Spec.Accounts {
		block(&out, "[[account]]", accountShape(), accountDecl{said(string(a.ID)), said(a.Rate), said(a.Latency)})
	}
	for _, h := range f.Spec.Hubs {
		block(&out, "[[hub]]", hubShape(), hubDecl{said(string(h.ID)), said(string(h.Account)), said(h.Queue), said(h.Pace)})
	}
	for _, l := range f.Spec.Locks {
		block(&out, "[[lock]]", lockShape(), lockDeclOf(l))
	}
	for _, p := range f.Policies {
		block(&out, "[[policy]]", policyShape("[[policy]]"), policyDeclOf(cmp.Or(string(p.Device), string(p.Account)), p.Patch))
	}
	for _, s := range steps {
		block(&out, "[[at]]", stepShape(), s)
	}
	for _, x := range expects {
		block(&out, "[[expect]]", expectShape(), x)
	}
	if c := f.Check.decl(); len(checkShape().lines(&c)) > 0 {
		block(&out, "[check]", checkShape(), c)
	}
	return []byte(out.String()), nil
}

// block writes a table under its title, apart from what stands before it.
func block[T any](out *strings.Builder, title string, s shape[T], v T) {
	if out.Len() > 0 {
		out.WriteByte('\n')
	}
	out.WriteString(title + "\n")
	for _, line := range s.lines(&v) {
		out.WriteString(line + "\n")
	}
}

// lines writes the keys that the table has, in the order of the format.
func (s shape[T]) lines(from *T) (out []string) {
	for _, k := range s.keys {
		if text := k.write(from); text != "" {
			out = append(out, k.name+" = "+text)
		}
	}
	if s.more != nil {
		out = append(out, s.more(from)...)
	}
	return out
}

func inline(lines []string) string { return "{ " + strings.Join(lines, ", ") + " }" }

func array[V any](all []given[V], write func(V) string) string {
	texts := make([]string, len(all))
	for i, g := range all {
		texts[i] = write(g.v)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// quote writes text in quotes, of several lines as it is where it can stand so.
func quote(s string) string {
	if strings.Contains(s, "\n") && !strings.ContainsAny(s, `\`) && !strings.Contains(s, `""`) && !strings.HasSuffix(s, `"`) {
		return "\"\"\"\n" + s + `"""`
	}
	return strconv.Quote(s)
}

// said is a value that the file has; the zero value is left out.
func said[V comparable](v V) given[V] {
	var zero V
	return given[V]{v: v, ok: v != zero}
}

// exactly is a value that the file has, whatever it is.
func exactly[V any](v V) given[V] { return given[V]{v: v, ok: true} }

// maybe is the value that p points to; nil is left out.
func maybe[V any](p *V) given[V] {
	if p == nil {
		return given[V]{}
	}
	return exactly(*p)
}

// every is a list that the file has; an empty one is left out.
func every[V any](list []V) given[[]given[V]] {
	var out []given[V]
	for _, v := range list {
		out = append(out, exactly(v))
	}
	return given[[]given[V]]{v: out, ok: len(out) > 0}
}

// farthest is how far from the start a moment may be relative to it.
const farthest = 10 * 365 * 24 * time.Hour

// moment is an instant as the file says it; the zero time is left out.
func (f *File) moment(t time.Time) given[moment] {
	if t.IsZero() {
		return given[moment]{}
	}
	return exactly(f.momentOf(t))
}

func (f *File) momentOf(t time.Time) moment {
	d := t.Sub(f.Start)
	switch {
	case d < -farthest || d > farthest:
		return moment{form: absolute, abs: t.UTC()}
	case d < 0:
		return moment{text: strict.Short(d)}
	default:
		return moment{text: "+" + strict.Short(d)}
	}
}

// at is the instant of a step or an expectation, without the plus sign of a window's edge.
func (f *File) at(t time.Time) given[moment] {
	m := f.momentOf(t)
	m.text = strings.TrimPrefix(m.text, "+")
	return exactly(m)
}

// instant is moment for a pointer; nil is left out.
func (f *File) instant(t *time.Time) given[moment] {
	if t == nil {
		return given[moment]{}
	}
	return f.moment(*t)
}

func (f *File) headDecl() head {
	return head{
		name: exactly(f.Name), about: said(f.About), start: exactly(moment{form: absolute, abs: f.Start.UTC()}),
		run: exactly(f.Run), seed: given[uint64]{v: f.Seed, ok: f.Seed != 1}, needs: every(f.Needs),
	}
}

// pattern returns the name, or the name with one *, that means exactly these of all names; false where none does.
func pattern(these, all []string) (string, bool) {
	these = slices.Sorted(slices.Values(these))
	if len(these) == 1 {
		return these[0], true
	}
	if len(these) == 0 {
		return "", false
	}
	first, last := these[0], these[len(these)-1]
	before := 0
	for before < min(len(first), len(last)) && first[before] == last[before] {
		before++
	}
	after := len(first)
	for _, name := range these {
		n := 0
		for n < min(after, len(name)) && name[len(name)-1-n] == first[len(first)-1-n] {
			n++
		}
		after = n
	}
	for b := before; b >= 0; b-- {
		for a := after; a >= 0; a-- {
			try := first[:b] + "*" + first[len(first)-a:]
			n := 0
			for _, name := range all {
				if _, ok := star(try, name); ok {
					n++
				}
			}
			if n == len(these) && !slices.ContainsFunc(these, func(name string) bool { _, ok := star(try, name); return !ok }) {
				return try, true
			}
		}
	}
	return "", false
}
