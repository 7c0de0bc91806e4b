package engine

import (
	"slices"

	"github.com/accesscodes/lockctl/lock"
)

// group is what codes with a common key share: group/<key>. The digits stay when the last code has gone: who comes back has them
// again.
type group struct {
	PIN   vaultPIN
	Codes []lock.CodeID // that are not gone
}

func (b *batch) group(key string) group {
	for i := len(b.extra) - 1; i >= 0; i-- {
		if b.extra[i].Key == keyGroup(key) {
			g, _ := decode[group](key, b.extra[i].Val)
			return g
		}
	}
	kv, err := b.e.store.Get(b.ctx, keyGroup(key))
	if err == nil && kv.Rev != 0 {
		var g group
		if g, err = decode[group](kv.Key, kv.Val); err == nil {
			return g
		}
	}
	if err != nil {
		b.err = err
	}
	return group{}
}

// join puts a code among those that share its common key.
func (b *batch) join(c *code) {
	if c.CommonKey == "" {
		return
	}
	g := b.group(c.CommonKey)
	if !c.PIN.IsZero() {
		g.PIN = c.PIN
	}
	if !slices.Contains(g.Codes, c.ID) {
		g.Codes = append(g.Codes, c.ID)
	}
	b.put(keyGroup(c.CommonKey), encode(g))
}

// leave takes a code that is gone out again.
func (b *batch) leave(c *code) {
	if c.CommonKey == "" {
		return
	}
	g := b.group(c.CommonKey)
	g.Codes = slices.DeleteFunc(g.Codes, func(id lock.CodeID) bool { return id == c.ID })
	b.put(keyGroup(c.CommonKey), encode(g))
}
