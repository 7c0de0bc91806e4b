package scenario

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
)

// Bounds of a file. A file beyond them is refused with the bound.
const (
	MaxBytes   = 1 << 20
	MaxText    = 200  // bytes of a name or a note
	MaxAbout   = 4000 // bytes of [scenario] about
	MaxLocks   = 5000
	MaxSteps   = 20000  // after `*` and fleets are spelt out
	MaxExpects = 100000 // codes and locks that expectations look at, spelt out
	MaxTries   = 20000  // of one repeated step
	MaxRun     = 400 * 24 * time.Hour
)

// value is one value of the file at its place: what a kind reads.
type value struct {
	d   *diags
	key string // the key that it stands at, as sentences name it
	raw any    // as go-toml gives it
	at  *strict.Place
}

func (v value) fail(format string, args ...any) {
	v.d.Add(v.at.Val, "%s: %s", v.key, fmt.Sprintf(format, args...))
}

// wrong reports a value of another type, in the words of the format.
func (v value) wrong(want string) { v.fail("want %s, not %s", want, v.called()) }

// called names the value's type as people know it.
func (v value) called() string {
	switch v.raw.(type) {
	case string:
		return "text"
	case int64:
		return "a whole number"
	case float64:
		return "a number"
	case bool:
		return "true or false"
	case map[string]any:
		return "a table"
	case []any:
		return "an array"
	case time.Time, toml.LocalDateTime:
		return "a date with a time"
	case toml.LocalDate:
		return "a date"
	case toml.LocalTime:
		return "a time of day"
	default:
		return "this"
	}
}

// table returns the fields in the order of the file.
func (v value) table() ([]value, bool) {
	m, ok := v.raw.(map[string]any)
	if !ok {
		v.wrong("a table")
		return nil, false
	}
	fields := make([]value, 0, len(m))
	for k, raw := range m {
		fields = append(fields, value{v.d, k, raw, v.at.Field(k)})
	}
	slices.SortFunc(fields, func(a, b value) int {
		if c := a.at.Key.Compare(b.at.Key); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	return fields, true
}

// array returns the elements. hint ends the sentence about a value that is no array.
func (v value) array(want, hint string) ([]value, bool) {
	list, ok := v.raw.([]any)
	if !ok {
		v.fail("want %s, not %s%s", want, v.called(), hint)
		return nil, false
	}
	elems := make([]value, len(list))
	for i, raw := range list {
		elems[i] = value{v.d, v.key, raw, v.at.Elem(i)}
	}
	return elems, true
}

// text is free text of at most so many bytes, without control characters.
func text(most int) kind[string] {
	return kind[string]{"text", func(v value) (string, bool) {
		s, ok := v.raw.(string)
		switch {
		case !ok:
			v.wrong("text in quotes")
		case len(s) > most:
			v.fail("is %d bytes long; at most %d are allowed", len(s), most)
		case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }):
			v.fail("holds a control character")
		default:
			return s, true
		}
		return "", false
	}, quote}
}

// ident is a name by which the file speaks of something. A pattern may hold one `*`.
func ident[S ~string](pattern bool) kind[S] {
	words := "name"
	if pattern {
		words = "name or pattern"
	}
	return kind[S]{words, func(v value) (S, bool) {
		s, ok := v.raw.(string)
		switch {
		case !ok:
			v.wrong("a name in quotes")
		case s == "":
			v.fail("is empty")
		case len(s) > 64:
			v.fail("is %d bytes long; a name has at most 64", len(s))
		case strings.ContainsFunc(s, func(r rune) bool { return !identRune(r) && r != '*' }):
			v.fail("a name is made of letters, digits and - _ . @ only")
		case strings.Count(s, "*") > 1:
			v.fail("a pattern has one *")
		case !pattern && strings.Contains(s, "*"):
			v.fail("* is not allowed here; name one")
		default:
			return S(s), true
		}
		return "", false
	}, func(s S) string { return quote(string(s)) }}
}

func identRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.@", r)
}

// choice is one of the names of a list. what names the list in sentences: "status", "kind of fault".
func choice[S ~string](what string, names ...S) kind[S] {
	known := make([]string, len(names))
	for i, n := range names {
		known[i] = string(n)
	}
	words := what
	if len(known) <= 8 {
		words = "`" + strings.Join(known, "`, `") + "`"
	}
	return kind[S]{words, func(v value) (S, bool) {
		s, ok := v.raw.(string)
		if !ok {
			v.wrong("the name of a " + what + " in quotes")
			return "", false
		}
		if !slices.Contains(known, s) {
			v.fail("no %s is called %q%s", what, strict.Clip(s), strict.Nearest(s, known))
			return "", false
		}
		return S(s), true
	}, func(s S) string { return quote(string(s)) }}
}

// list is an array whose elements are of one kind; a single value may stand for an array of one.
func list[V any](k kind[V]) kind[[]given[V]] {
	return kind[[]given[V]]{"list: " + k.words, func(v value) ([]given[V], bool) {
		elems := []value{v}
		if _, ok := v.raw.([]any); ok {
			elems, _ = v.array("", "")
		}
		var out []given[V]
		for _, e := range elems {
			if x, ok := k.read(e); ok {
				out = append(out, given[V]{x, e.at.Val, true})
			}
		}
		return out, true
	}, func(all []given[V]) string { return array(all, k.write) }}
}

func yesNo() kind[bool] {
	return kind[bool]{"true or false", func(v value) (bool, bool) {
		b, ok := v.raw.(bool)
		if !ok {
			v.wrong("true or false")
		}
		return b, ok
	}, strconv.FormatBool}
}

func whole[N ~int | ~uint64](least, most int64) kind[N] {
	words := fmt.Sprintf("%d to %d", least, most)
	if most == math.MaxInt64 {
		words = fmt.Sprintf("%d or more", least)
	}
	return kind[N]{words, func(v value) (N, bool) {
		n, ok := v.raw.(int64)
		switch {
		case !ok:
			v.wrong("a whole number")
		case n < least || n > most:
			v.fail("%d is out of bounds: %s", n, words)
			ok = false
		}
		return N(n), ok
	}, func(n N) string { return fmt.Sprint(n) }}
}

func number(least, most float64) kind[float64] {
	return kind[float64]{fmt.Sprintf("%g to %g", least, most), func(v value) (float64, bool) {
		x, ok := v.raw.(float64)
		if n, isWhole := v.raw.(int64); isWhole {
			x, ok = float64(n), true
		}
		switch {
		case !ok:
			v.wrong("a number")
		case !(x >= least && x <= most):
			v.fail("%g is out of bounds: %g to %g", x, least, most)
			ok = false
		}
		return x, ok
	}, func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }}
}

// pin is digits in quotes. What stands in the file never gets into a sentence.
func pin() kind[lock.PIN] {
	return kind[lock.PIN]{"PIN", func(v value) (lock.PIN, bool) {
		s, ok := v.raw.(string)
		if !ok {
			v.fail("a PIN is text: put it in quotes, or it loses its leading zeros")
			return lock.PIN{}, false
		}
		p, err := lock.ParsePIN(s)
		if err != nil {
			v.fail("%s", err)
			return lock.PIN{}, false
		}
		return p, true
	}, func(p lock.PIN) string { return quote(p.Reveal()) }}
}
