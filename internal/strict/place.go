package strict

import (
	"sort"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Place is where a value stands in the file; it mirrors the tree of values. This file is the only one that knows go-toml's
// unstable package, which makes no promise of compatibility: place_test.go holds what is relied on.
type Place struct {
	Key    Pos // of the key, or of the bracket of a table
	Val    Pos // of the value itself
	fields map[string]*Place
	elems  []*Place
}

// Field returns the place of a key, or that of the table for a key that is not there.
func (p *Place) Field(name string) *Place {
	if f, ok := p.fields[name]; ok {
		return f
	}
	return p
}

// Elem returns the place of an array's element.
func (p *Place) Elem(i int) *Place {
	if i < len(p.elems) {
		return p.elems[i]
	}
	return p
}

// lines turns byte offsets into positions.
type lines []int

func linesOf(data []byte) lines {
	starts := lines{0}
	for i, b := range data {
		if b == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func (l lines) pos(offset uint32) Pos {
	n := sort.SearchInts(l, int(offset)+1)
	return Pos{n, int(offset) - l[n-1] + 1}
}

// Index returns the places of everything in a file that is valid TOML.
func Index(data []byte) *Place {
	var parser unstable.Parser
	parser.Reset(data)
	at := linesOf(data)
	root := &Place{Key: Pos{1, 1}, Val: Pos{1, 1}}
	table := root
	for parser.NextExpression() {
		e := parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = root.descend(e.Key(), at, e.Kind == unstable.ArrayTable)
		case unstable.KeyValue:
			table.keyValue(e, at)
		}
	}
	return root
}

// descend walks a table header's dotted key and makes what is new on the way. A step into an array of tables is a step into
// its last element.
func (p *Place) descend(key unstable.Iterator, at lines, array bool) *Place {
	for key.Next() {
		k := key.Node()
		here := at.pos(k.Raw.Offset)
		next := p.child(string(k.Data), here)
		switch {
		case array && key.IsLast():
			e := &Place{Key: here, Val: here}
			next.elems = append(next.elems, e)
			p = e
		case len(next.elems) > 0:
			p = next.elems[len(next.elems)-1]
		default:
			p = next
		}
	}
	return p
}

func (p *Place) child(name string, here Pos) *Place {
	if f, ok := p.fields[name]; ok {
		return f
	}
	if p.fields == nil {
		p.fields = map[string]*Place{}
	}
	f := &Place{Key: here, Val: here}
	p.fields[name] = f
	return f
}

func (p *Place) keyValue(e *unstable.Node, at lines) {
	key := e.Key()
	for key.Next() {
		k := key.Node()
		p = p.child(string(k.Data), at.pos(k.Raw.Offset))
	}
	p.value(e.Value(), at)
}

func (p *Place) value(v *unstable.Node, at lines) {
	if v.Raw.Length > 0 {
		p.Val = at.pos(v.Raw.Offset)
	}
	switch v.Kind {
	case unstable.InlineTable:
		for it := v.Children(); it.Next(); {
			p.keyValue(it.Node(), at)
		}
	case unstable.Array: // has no range of its own: an empty one stands at its key
		for it := v.Children(); it.Next(); {
			e := &Place{Key: p.Key, Val: p.Val}
			e.value(it.Node(), at)
			e.Key = e.Val
			p.elems = append(p.elems, e)
		}
	}
}
