package kwikset

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// ref is what a Ref of this driver says. Nothing lists what a lock holds: a code is known by the token of its writing, until the
// lock has told its slot, and by the slot from then on.
type ref struct {
	token string    // "": the slot is known
	since time.Time // when the token was given; zero: not told
	slot  byte
	print string // of what was written, by which a repetition is known
	name  string // by which the history calls the code
}

func (r ref) String() lock.Ref {
	if r.token != "" {
		return lock.Ref(strings.Join([]string{"token", r.token, strconv.FormatInt(r.since.Unix(), 10), r.print, r.name}, "/"))
	}
	slot := strconv.Itoa(int(r.slot))
	if !r.since.IsZero() {
		slot += "@" + strconv.FormatInt(r.since.Unix(), 10)
	}
	return lock.Ref(strings.Join([]string{"slot", slot, r.print, r.name}, "/"))
}

// parse reads a Ref; false: this driver has not written it.
func parse(text lock.Ref) (ref, bool) {
	kind, rest, _ := strings.Cut(string(text), "/")
	switch kind {
	case "token":
		p := strings.SplitN(rest, "/", 4)
		if len(p) != 4 || p[0] == "" {
			return ref{}, false
		}
		at, err := strconv.ParseInt(p[1], 10, 64)
		return ref{token: p[0], since: time.Unix(at, 0), print: p[2], name: p[3]}, err == nil
	case "slot":
		p := strings.SplitN(rest, "/", 3)
		if len(p) != 3 {
			return ref{}, false
		}
		number, since, told := strings.Cut(p[0], "@")
		slot, err := strconv.ParseUint(number, 10, 8)
		r := ref{slot: byte(slot), print: p[1], name: p[2]}
		if err == nil && told {
			var at int64
			at, err = strconv.ParseInt(since, 10, 64)
			r.since = time.Unix(at, 0)
		}
		return r, err == nil && slot > 0
	}
	return ref{}, false
}

// printOf tells two credentials apart without giving digits away to anybody who lacks the key.
func printOf(key []byte, want *lock.Credential) string {
	m := hmac.New(sha256.New, key)
	w := want.Window.Grain(grain)
	m.Write([]byte(strings.Join([]string{want.PIN.Reveal(), label(want), w.From.Format(time.RFC3339), w.To.Format(time.RFC3339)}, "\x00")))
	return hex.EncodeToString(m.Sum(nil)[:6])
}
