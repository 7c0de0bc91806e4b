package tui

import (
	"strings"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// namesMost bounds the names that are kept for lines which only have ids.
const namesMost = 50_000

// names remembers how the locks and codes that were seen are called: events and stories know their ids.
type names struct {
	locks map[lock.DeviceID]string
	codes map[lock.CodeID]string
}

// learn remembers the names of an answer.
func (n *names) learn(s *engine.Snapshot) {
	if n.locks == nil || len(n.locks)+len(n.codes) > namesMost {
		n.locks, n.codes = map[lock.DeviceID]string{}, map[lock.CodeID]string{}
	}
	for i := range s.Devices {
		n.locks[s.Devices[i].ID] = s.Devices[i].Name
	}
	if d := s.Device; d != nil {
		n.locks[d.ID] = d.Name
	}
	for i := range s.Codes {
		c := &s.Codes[i]
		n.codes[c.ID] = codeName(*c)
		if c.DeviceName != "" {
			n.locks[c.Device] = c.DeviceName
		}
	}
}

// lock is what a lock is called, or its id.
func (n *names) lock(id lock.DeviceID) string {
	if name := n.locks[id]; name != "" {
		return name
	}
	return string(id)
}

// code is what a code is called, or its id.
func (n *names) code(id lock.CodeID) string {
	if name := n.codes[id]; name != "" {
		return name
	}
	return string(id)
}

// in puts the names of codes for their ids in a sentence of the engine.
func (n *names) in(text string) string {
	words := strings.Split(text, " ")
	for i, w := range words {
		if name := n.codes[lock.CodeID(w)]; name != "" {
			words[i] = name
		}
	}
	return strings.Join(words, " ")
}

// notes tells what a command has to say of several locks, each sentence once: after the names of all that it is about.
func (n *names) notes(all []string) []string {
	var out []string
	about := map[string]int{} // where a sentence about locks stands
	for _, text := range all {
		id, said, ok := strings.Cut(text, ": ")
		name := n.locks[lock.DeviceID(id)]
		if !ok || name == "" {
			out = append(out, text)
			continue
		}
		if at, told := about[said]; told {
			out[at] = strings.TrimSuffix(out[at], ": "+said) + ", " + name + ": " + said
			continue
		}
		about[said] = len(out)
		out = append(out, name+": "+said)
	}
	return out
}

// unnamed asks for the names of lines that have only ids, of a few at a time. What the host doesn't know is not asked for again.
func (n *names) unnamed(lines func(func(lock.DeviceID, lock.CodeID))) []engine.Query {
	const most = 24
	var out []engine.Query
	lines(func(at lock.DeviceID, c lock.CodeID) {
		if n.locks == nil || len(out) >= most {
			return
		}
		if _, asked := n.codes[c]; c != "" && !asked {
			n.codes[c] = ""
			out = append(out, engine.Query{View: engine.ViewCode, Code: c})
			return
		}
		if _, asked := n.locks[at]; at != "" && !asked {
			n.locks[at] = ""
			out = append(out, engine.Query{View: engine.ViewDevice, Device: at})
		}
	})
	return out
}
