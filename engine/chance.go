package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/accesscodes/lockctl/lock"
)

// Nothing here draws from a stream: whatever is random is HMAC-SHA-256 of the store's secret over a purpose, an id and an
// attempt, so that it depends neither on order nor on restarts.

func (e *Engine) mac(purpose, id string, attempt int) (sum [sha256.Size]byte) {
	if e.keyed == nil {
		e.keyed = hmac.New(sha256.New, e.secret)
	}
	text := append(e.hashed[:0], purpose...)
	text = append(text, 0)
	text = append(text, id...)
	text = append(text, 0)
	text = strconv.AppendInt(text, int64(attempt), 10)
	e.keyed.Reset()
	e.keyed.Write(text)
	e.hashed = e.keyed.Sum(text[:0])
	copy(sum[:], e.hashed)
	return sum
}

func (e *Engine) random(purpose, id string, attempt int) uint64 {
	sum := e.mac(purpose, id, attempt)
	return binary.BigEndian.Uint64(sum[:])
}

// newID makes a code's id: a ULID of now and of the event that creates it, so that ids sort by age and never repeat.
func (b *batch) newID(n int) lock.CodeID {
	var u ulid.ULID
	if u.SetTime(ulid.Timestamp(b.now)) != nil {
		panic("engine: time beyond what an id can carry")
	}
	sum := b.e.mac("id", strconv.FormatInt(int64(b.seq), 10), n)
	copy(u[6:], sum[:])
	return lock.CodeID("code_" + u.String())
}

// tagOf is the short name by which a write of ours is recognised on a lock: a letter, and base 32 of a hash with a check.
func tagOf(id lock.CodeID) string {
	sum := sha256.Sum256([]byte(id))
	return tagPrefix + withCheck(tagText.EncodeToString(sum[:])[:5])
}

// mark is the code's tag.
func (c *code) mark() string {
	if c.tag == "" {
		c.tag = tagOf(c.ID)
	}
	return c.tag
}

const tagPrefix = "LC"

var tagText = base32.StdEncoding.WithPadding(base32.NoPadding)

func withCheck(s string) string {
	sum := sha256.Sum256([]byte("tag" + s))
	return s + tagText.EncodeToString(sum[:])[:2]
}

// ourTag reports whether a name on a lock is a tag of ours.
func ourTag(tag string) bool {
	rest, ok := strings.CutPrefix(tag, tagPrefix)
	return ok && len(rest) == 7 && withCheck(rest[:5]) == rest
}

// fingerprint tells two credentials apart without keeping digits where they are not needed.
func (p *place) fingerprint() string {
	sum := sha256.Sum256([]byte(p.PIN.Reveal() + "|" + p.Window.From.Format(time.RFC3339) + "|" + p.Window.To.Format(time.RFC3339) + "|" + p.Name))
	return fmt.Sprintf("%x", sum[:6])
}

// draw picks a PIN for a code of d that no other code of d has, nor anything that the lock holds.
func (e *Engine) draw(d *device, id string, attempt, length int, also ...*device) (vaultPIN, bool) {
	t := &d.Device.Traits
	pin, ok := t.Draw(t.Length(length), func(p lock.PIN) bool {
		if d.hasPIN(p) {
			return true
		}
		for _, o := range also {
			if o.hasPIN(p) || o.Device.Traits.CheckPIN(p) != nil {
				return true
			}
		}
		return false
	}, func(n int) uint64 { return e.random("pin", id, attempt<<20|n) })
	return vaultPIN{pin}, ok
}

// blank picks digits that nobody will ever be told.
func (e *Engine) blank(d *device, attempt int) vaultPIN {
	t := &d.Device.Traits
	lengths := t.Lengths()
	pin, _ := t.Draw(lengths[len(lengths)-1], d.hasPIN, func(n int) uint64 { return e.random("blank", string(d.id()), attempt<<20|n) })
	return vaultPIN{pin}
}

// hasPIN reports whether a live code of the device, or anything on the lock, has these digits.
func (d *device) hasPIN(p lock.PIN) bool {
	for _, c := range d.codes {
		if c.PIN.PIN == p {
			return true
		}
		for i := range c.Places {
			if c.Places[i].PIN.PIN == p {
				return true
			}
		}
	}
	for i := range d.Orphans {
		if d.Orphans[i].PIN.PIN == p {
			return true
		}
	}
	for i := range d.held {
		if d.held[i].PIN.PIN == p {
			return true
		}
	}
	return false
}

// redraw gives a code that nobody was told other digits, since the lock holds these already.
func (b *batch) redraw(d *device, c *code) bool {
	pin, ok := b.e.draw(d, string(c.ID), c.Draws+1, c.PIN.Len())
	if !ok {
		return false
	}
	c.Draws++
	c.PIN, c.dirty = pin, true
	c.Refused, c.NextTry = "", time.Time{}
	b.tell("access_code.changed", d, c, "other digits were drawn: the lock held the first ones already")
	return true
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
