package engine

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/lock"
)

// codeHead is the part of a code that a search reads.
type codeHead struct {
	ID       lock.CodeID
	Device   lock.DeviceID
	Name     string
	Holder   string
	From, To time.Time
	Was      Status
}

// codeFilter makes a predicate of words, all of which must hold: a word occurs in the code's name, id, holder or device;
// column:value looks in one of name, id, holder or device, and status:value means just that status; starts, ends and due (what comes
// next at now: its start until it stands on the lock, then its end) take < or > and an instant in RFC 3339. ! in front inverts.
func codeFilter(text string, now time.Time, door func(lock.DeviceID) string) (func(*codeHead) bool, error) {
	if len(text) > 200 {
		return nil, refuse("invalid_input", "filter", "must have at most 200 characters")
	}
	var terms []func(*codeHead) bool
	for _, w := range strings.Fields(strings.ToLower(text)) {
		w, not := strings.CutPrefix(w, "!")
		if w == "" {
			continue
		}
		term, err := codeTerm(w, now, door)
		if err != nil {
			return nil, err
		}
		terms = append(terms, func(c *codeHead) bool { return term(c) != not })
	}
	return func(c *codeHead) bool {
		for _, holds := range terms {
			if !holds(c) {
				return false
			}
		}
		return true
	}, nil
}

// codeSieve is a cheap look at a record before it is decoded: false means that codeFilter would not let it pass. It only
// judges plain words, which stand in the record as they are, or in the name of the door.
func codeSieve(text string) func(record []byte, door string) bool {
	var words []string
	for _, w := range strings.Fields(strings.ToLower(text)) {
		if !strings.ContainsAny(w, `!:<>&"\`) && isASCII(w) {
			words = append(words, w)
		}
	}
	return func(record []byte, door string) bool {
		for _, w := range words {
			if !occurs(record, w) && !occurs(door, w) {
				return false
			}
		}
		return true
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func codeTerm(w string, now time.Time, door func(lock.DeviceID) string) (func(*codeHead) bool, error) {
	if at := strings.IndexAny(w, "<>"); at > 0 {
		return edgeTerm(w[:at], now, w[at] == '<', w[at+1:])
	}
	col, value, ok := strings.Cut(w, ":")
	if !ok {
		col, value = "", w
	}
	if col == "status" {
		return func(c *codeHead) bool { return string(c.Was) == value }, nil
	}
	fields := func(c *codeHead) []string {
		all := []string{c.Name, string(c.ID), c.Holder, string(c.Device), door(c.Device)}
		switch col {
		case "name":
			return all[:1]
		case "id":
			return all[1:2]
		case "holder":
			return all[2:3]
		case "device":
			return all[3:]
		}
		return all
	}
	switch col {
	case "", "name", "id", "holder", "device":
	default:
		return nil, refuse("invalid_input", "filter", "no column "+quote(col)+": one of name, id, holder, device, status, starts, ends, due")
	}
	return func(c *codeHead) bool {
		for _, f := range fields(c) {
			if occurs(f, value) {
				return true
			}
		}
		return false
	}, nil
}

// edgeTerm compares an end of the window with an instant. A window without that end never matches.
func edgeTerm(col string, now time.Time, before bool, value string) (func(*codeHead) bool, error) {
	at, err := time.Parse(time.RFC3339, strings.ToUpper(value))
	if err != nil {
		return nil, refuse("invalid_input", "filter", quote(value)+" is not an instant such as 2026-03-28T14:00:00Z")
	}
	is := func(t time.Time) bool { return !t.IsZero() && (before && t.Before(at) || !before && t.After(at)) }
	switch col {
	case "starts":
		return func(c *codeHead) bool { return is(c.From) }, nil
	case "ends":
		return func(c *codeHead) bool { return is(c.To) }, nil
	case "due":
		return func(c *codeHead) bool {
			if c.From.After(now) || !c.From.IsZero() && (c.Was == StatusUnset || c.Was == StatusSetting) {
				return is(c.From)
			}
			return is(c.To)
		}, nil
	}
	return nil, refuse("invalid_input", "filter", "no column "+quote(col)+": one of starts, ends, due")
}

// allCodes pages through the live codes of every device, by device and id.
func (e *Engine) allCodes(ctx context.Context, now time.Time, q Query, s *Snapshot) error {
	if q.Sort != "" && q.Sort != SortUrgency {
		return refuse("invalid_input", "sort", "must be "+SortUrgency+", or be left out")
	}
	after := ""
	if q.After != "" {
		after = dirCode + q.After
	}
	name := func(id lock.DeviceID) string {
		if r := e.rows[id]; r != nil {
			return r.Name
		}
		return ""
	}
	match, err := codeFilter(q.Filter, now, name)
	if err != nil {
		return err
	}
	sieve := codeSieve(q.Filter)
	for read := 0; read < searchMax && len(s.Codes) < q.Limit; {
		kvs, _, err := e.store.Scan(ctx, dirCode, after, q.Limit)
		if err != nil {
			return err
		}
		read += len(kvs)
		s.Next = ""
		for _, kv := range kvs {
			after = kv.Key
			device, _, _ := strings.Cut(kv.Key[len(dirCode):], "/")
			if !sieve(kv.Val, name(lock.DeviceID(device))) {
				continue
			}
			if c, err := decode[codeHead](kv.Key, kv.Val); err != nil || !match(&c) {
				continue // one that does not read parks its device
			}
			if err := e.addCode(ctx, now, kv.Key, q, s); err != nil {
				return err
			}
			if s.Next = kv.Key[len(dirCode):]; len(s.Codes) == q.Limit {
				break
			}
		}
		if len(kvs) < q.Limit && len(s.Codes) < q.Limit {
			s.Next = ""
			break
		}
		s.Next = after[len(dirCode):]
	}
	s.Total = len(s.Codes)
	if q.Sort == SortUrgency {
		mostUrgentFirst(now, s.Codes)
	}
	return nil
}

// addCode puts the live code of a key into the answer.
func (e *Engine) addCode(ctx context.Context, now time.Time, key string, q Query, s *Snapshot) error {
	dev, id, _ := strings.Cut(key[len(dirCode):], "/")
	d, err := e.peek(ctx, lock.DeviceID(dev))
	if refusedFor(err, "device_parked") {
		return nil
	}
	if err != nil || d == nil {
		return err
	}
	if c := d.find(lock.CodeID(id)); c != nil {
		s.Codes = append(s.Codes, e.codeView(now, d, c, &q))
	}
	return nil
}
