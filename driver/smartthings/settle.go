package smartthings

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// job is what a Ref stands for: a slot or the index of a credential, and, if what stood there was written over, since when something about
// it has to be told before it counts as done. The list alone would not show it.
type job struct {
	number int
	after  int64     // the last news before the write by the vendor's clock, Unix milliseconds
	sent   time.Time // by ours; zero: nothing is waited for
}

// job makes the Ref of a write over ref, before which the last news came at that time.
func (a *account) job(ref lock.Ref, last instant) lock.Ref {
	after := int64(0)
	if !last.IsZero() {
		after = last.UnixMilli()
	}
	return ref + lock.Ref("@"+strconv.FormatInt(after, 10)+"@"+strconv.FormatInt(a.now().UnixMilli(), 10))
}

// jobOf reads a Ref; false: it is no number.
func jobOf(ref lock.Ref) (job, bool) {
	parts := strings.Split(string(ref), "@")
	n, err := strconv.Atoi(parts[0])
	if err != nil || n < 0 {
		return job{}, false
	}
	j := job{number: n}
	if len(parts) == 3 {
		sent, bad := strconv.ParseInt(parts[2], 10, 64)
		if j.after, err = strconv.ParseInt(parts[1], 10, 64); err == nil && bad == nil {
			j.sent = time.UnixMilli(sent)
		}
	}
	return j, true
}

// news is that a write to a slot, or to a credential, has ended.
type news struct {
	number int // 0: of which is not told
	at     int64
	done   bool
}

// results are the news that a status and a history have.
func (s *state) results(lines []line) []news {
	var all []news
	if s.modern() {
		last := s.of[capCredentials]["commandResult"]
		all = appendResult(all, last.Value, last.At)
		for _, l := range lines {
			if l.Capability == capCredentials && l.Attribute == "commandResult" {
				all = appendResult(all, l.Value, instant{time.UnixMilli(l.Epoch)})
			}
		}
		return all
	}
	last := s.of[capCodes]["codeChanged"]
	all = appendChanged(all, last.Value, last.At)
	for _, l := range lines {
		if l.Capability == capCodes && l.Attribute == "codeChanged" {
			all = appendChanged(all, l.Value, instant{time.UnixMilli(l.Epoch)})
		}
	}
	return all
}

// appendChanged reads a codeChanged, as in "3 set".
func appendChanged(all []news, value json.RawMessage, at instant) []news {
	var said string
	if json.Unmarshal(value, &said) != nil || at.IsZero() {
		return all
	}
	number, what, _ := strings.Cut(said, " ")
	n, err := strconv.Atoi(number)
	if err != nil || what != "set" && what != "changed" && what != "failed" {
		return all
	}
	return append(all, news{n, at.UnixMilli(), what != "failed"})
}

// appendResult reads a commandResult of a change.
func appendResult(all []news, value json.RawMessage, at instant) []news {
	var r result
	if json.Unmarshal(value, &r) != nil || r.Command != "updateCredential" || at.IsZero() {
		return all
	}
	return append(all, news{r.Credential, at.UnixMilli(), r.Status == "success"})
}

// settleWithin is how long after a write over something else its end may be told.
const settleWithin = 2 * time.Minute

// settle lays the writes that are waited for beside the list. What was written over and is not confirmed is pending; what is known to have
// failed, or was not confirmed in time, is not listed, because what stands there is not what was asked for.
func (a *account) settle(held []lock.Held, all []news, refs []lock.Ref) []lock.Held {
	for _, ref := range refs {
		j, ok := jobOf(ref)
		if !ok || j.sent.IsZero() {
			continue
		}
		i := slices.IndexFunc(held, func(h lock.Held) bool { return h.Ref == lock.Ref(strconv.Itoa(j.number)) })
		if i < 0 {
			continue
		}
		last := news{at: j.after}
		for _, n := range all {
			if n.at > last.at && (n.number == j.number || n.number == 0) {
				last = n
			}
		}
		switch {
		case last.at > j.after && last.done:
			// It is as it was asked for.
		case last.at == j.after && a.now().Sub(j.sent) < settleWithin:
			held[i].Ref, held[i].Pending = ref, true
		default:
			held = slices.Delete(held, i, i+1)
		}
	}
	return held
}
