package engine

import (
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
// column:value looks in one of name, id, holder or device, and status:value means just that status; starts, ends and due (either of them) take < or > and an
// instant in RFC 3339. ! in front inverts.
func codeFilter(text string, door func(lock.DeviceID) string) (func(*codeHead) bool, error) {
	if len(text) > 200 {
		return nil, refuse("invalid_input", "filter", "must have at most 200 characters")
	}
	var terms []func(*codeHead) bool
	for _, w := range strings.Fields(strings.ToLower(text)) {
		w, not := strings.CutPrefix(w, "!")
		if w == "" {
			continue
		}
		term, err := codeTerm(w, door)
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

func codeTerm(w string, door func(lock.DeviceID) string) (func(*codeHead) bool, error) {
	if at := strings.IndexAny(w, "<>"); at > 0 {
		return edgeTerm(w[:at], w[at] == '<', w[at+1:])
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
func edgeTerm(col string, before bool, value string) (func(*codeHead) bool, error) {
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
		return func(c *codeHead) bool { return is(c.From) || is(c.To) }, nil
	}
	return nil, refuse("invalid_input", "filter", "no column "+quote(col)+": one of starts, ends, due")
}
