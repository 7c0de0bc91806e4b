package engine_test

import (
	"maps"
	"slices"
	"testing"
)

// program draws from bytes: one for a choice among at most 256, two for more. When they are used up it draws the least.
type program struct{ bytes []byte }

func (p *program) in(least, most int, _ string) int {
	n := p.next()
	if most-least > 255 {
		n = n<<8 | p.next()
	}
	return least + n%(most-least+1)
}

func (p *program) next() int {
	if len(p.bytes) == 0 {
		return 0
	}
	n := p.bytes[0]
	p.bytes = p.bytes[1:]
	return int(n)
}

// Whatever is asked in whatever order, however calls end, whenever the engine dies: the checks of the rig hold after every
// step, each refusal is of the catalogue, and in the end nothing is left undone or unexplained.
func FuzzCommands(f *testing.F) {
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if len(bytes) > 400 {
			return
		}
		p := &program{bytes}
		m := newMachine(t, p)
		acts := m.actions()
		names := slices.Sorted(maps.Keys(acts))
		for len(p.bytes) > 0 {
			acts[one(m, "action", names)]()
			acts[""]()
		}
		m.rest()
	})
}
