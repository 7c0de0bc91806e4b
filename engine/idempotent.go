package engine

import (
	"encoding/hex"
	"encoding/json"

	"github.com/accesscodes/lockctl/lock"
)

// keptAnswer is what a command with an idempotency key was answered: idem/<key>. It never holds digits.
type keptAnswer struct {
	Receipt
	Content string `json:",omitzero"` // fingerprint of the command; "": not kept then
	Told    bool   `json:",omitzero"` // the receipt carried digits
}

// keep remembers the answer to a command that has a key.
func (b *batch) keep(c Command, r Receipt) {
	kept := keptAnswer{Receipt: r, Content: b.e.content(c.Do), Told: len(r.PINs) > 0}
	kept.PINs = nil
	if b.idem == nil {
		b.idem = map[string]keptAnswer{}
	}
	b.idem[c.Key] = kept
	b.put(keyIdem(c.Key), encode(kept))
	b.owes()
}

// answered finds what a key that was used before was answered; false: it was not used, or too long ago.
func (b *batch) answered(key string) (keptAnswer, bool, error) {
	if k, ok := b.idem[key]; ok {
		return k, true, nil
	}
	kv, err := b.e.store.Get(b.ctx, keyIdem(key))
	if err != nil {
		b.err = err
	}
	if err != nil || kv.Rev == 0 {
		return keptAnswer{}, false, err
	}
	k, err := decode[keptAnswer](kv.Key, kv.Val)
	if err != nil {
		return k, false, b.unread(err) // done or not: nobody knows, so it is not done now
	}
	return k, !isStale(k.At, b.now, keyKept), nil
}

// again answers a command whose key was used before: with the first receipt, if it is the same command. Digits that the first
// receipt carried are those that the codes have now.
func (b *batch) again(first keptAnswer, c Command) (Receipt, error) {
	if first.Content != "" && first.Content != b.e.content(c.Do) {
		return Receipt{}, refuse("idempotency_key_reused", "key", "")
	}
	r := first.Receipt
	_, asked := c.Do.(Reveal)
	if !first.Told && !asked {
		return r, nil
	}
	for _, id := range r.Codes {
		x, err := b.checkReveal(Reveal{Code: id})
		switch {
		case err == nil:
			x.apply(&r)
			r.PINs = append(r.PINs, x.receipt.PINs...)
		case asked:
			return Receipt{}, err
		default:
			r.PINs = append(r.PINs, lock.PIN{})
		}
	}
	return r, nil
}

// content is a fingerprint of all that a command asks for, its digits included, by which nobody can guess them.
func (e *Engine) content(a Action) string {
	text, err := json.Marshal(a)
	if err != nil {
		text = []byte(err.Error()) // a time that no calendar shows: it is refused before anything is kept
	}
	for _, p := range digitsOf(a) {
		text = append(text, '|')
		text = append(text, p.Reveal()...)
	}
	sum := e.mac("idem", a.Verb()+"|"+string(text), 0)
	return hex.EncodeToString(sum[:12])
}

// digitsOf is the PINs that a command names: they marshal as dots.
func digitsOf(a Action) []lock.PIN {
	switch do := a.(type) {
	case Create:
		return []lock.PIN{do.PIN}
	case CreateMany:
		return []lock.PIN{do.Like.PIN}
	case Update:
		if do.PIN != nil {
			return []lock.PIN{*do.PIN}
		}
	case Rotate:
		return []lock.PIN{do.PIN}
	}
	return nil
}
