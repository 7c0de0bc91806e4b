package scenario

import (
	"fmt"
	"slices"

	"github.com/accesscodes/lockctl/internal/strict"
)

// kind is a type of the format: what its values are called in the documentation, how one is read and how it is written.
type kind[V any] struct {
	words string
	read  func(v value) (V, bool) // reports its mistakes; false: there is no value
	write func(V) string          // as it stands behind the equals sign
}

// given is a value of the file with its place, or the absence of one.
type given[V any] struct {
	v  V
	at Pos
	ok bool
}

// or returns the value, or def where the file says nothing.
func (g given[V]) or(def V) V {
	if g.ok {
		return g.v
	}
	return def
}

// ptr returns the value for a field of a command that nil leaves alone.
func (g given[V]) ptr() *V {
	if !g.ok {
		return nil
	}
	return &g.v
}

// key is one row of the format: a key of a table that is read into a T.
type key[T any] struct {
	name, words, meaning, example string
	required                      bool
	read                          func(v value, into *T)
	write                         func(from *T) string // ""; the table does not have it
}

// row makes a key. The example is TOML as it stands behind the equals sign.
func row[T, V any](name string, k kind[V], at func(*T) *given[V], meaning, example string) key[T] {
	return key[T]{name: name, words: k.words, meaning: meaning, example: example, read: func(v value, into *T) {
		if got, ok := k.read(v); ok {
			*at(into) = given[V]{got, v.at.Val, true}
		}
	}, write: func(from *T) string {
		if g := at(from); g.ok {
			return k.write(g.v)
		}
		return ""
	}}
}

// must says that a table is not complete without the key.
func (k key[T]) must() key[T] {
	k.required = true
	return k
}

// shape is a table of the format.
type shape[T any] struct {
	title string // "[scenario]", "create": how sentences name it
	keys  []key[T]
	other func(v value, into *T) // reads keys that are not in the list; nil: they are mistakes
	more  func(from *T) []string // writes those keys
}

// kind returns the table as a type.
func (s shape[T]) kind() kind[T] {
	return kind[T]{"table", s.read, func(v T) string { return inline(s.lines(&v)) }}
}

// list returns an array of such tables as a type.
func (s shape[T]) list() kind[[]given[T]] {
	return kind[[]given[T]]{"array of tables", func(v value) ([]given[T], bool) {
		elems, ok := v.array("an array of tables", "; write [["+v.key+"]]")
		if !ok {
			return nil, false
		}
		var out []given[T]
		for _, e := range elems {
			if t, ok := s.read(e); ok {
				out = append(out, given[T]{t, e.at.Key, true})
			}
		}
		return out, true
	}, func(all []given[T]) string { return array(all, s.kind().write) }}
}

func (s shape[T]) read(v value) (T, bool) {
	var out T
	fields, ok := v.table()
	if !ok {
		return out, false
	}
	for _, f := range fields {
		i := slices.IndexFunc(s.keys, func(k key[T]) bool { return k.name == f.key })
		switch {
		case i >= 0:
			s.keys[i].read(f, &out)
		case s.other != nil:
			s.other(f, &out)
		default:
			s.unknown(f)
		}
	}
	for _, k := range s.keys {
		if k.required && !slices.ContainsFunc(fields, func(f value) bool { return f.key == k.name }) {
			lacks := fmt.Sprintf("%q, as in %s = %s", k.name, k.name, k.example)
			if k.example == "" {
				lacks = "[" + k.name + "]"
			}
			v.d.Add(v.at.Key, "%s lacks %s", s.title, lacks)
		}
	}
	return out, true
}

// unknown reports a key that the table does not have.
func (s shape[T]) unknown(v value) {
	v.d.Add(v.at.Key, "unknown key %q in %s%s", v.key, s.title, strict.Nearest(v.key, s.names()))
}

func (s shape[T]) names() []string {
	var names []string
	for _, k := range s.keys {
		names = append(names, k.name)
	}
	return names
}

// section is a table of the format as the documentation shows it.
type section struct {
	title, intro string
	rows         []docRow
}

type docRow struct {
	name, words, meaning, example string
	required                      bool
}

func (s shape[T]) section(intro string) section {
	out := section{title: s.title, intro: intro}
	for _, k := range s.keys {
		out.rows = append(out.rows, docRow{k.name, k.words, k.meaning, k.example, k.required})
	}
	return out
}
