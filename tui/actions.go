package tui

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/charmbracelet/bubbles/key"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// act handles the verbs that mean the same wherever a code is in view, and reports whether k was one.
func (sh *shell) act(k tea.KeyMsg, c engine.CodeView, at door) (tea.Cmd, bool) {
	keys := sh.keys
	switch {
	case key.Matches(k, keys.reveal):
		return sh.reveal(c.ID), true
	case key.Matches(k, keys.revoke):
		return sh.open(newConfirm(sh, revoke(sh, c, at))), true
	case key.Matches(k, keys.backup):
		return sh.open(newConfirm(sh, pull(sh, c, at))), true
	case key.Matches(k, keys.rotate):
		return sh.open(newConfirm(sh, rotate(c))), true
	case key.Matches(k, keys.later):
		return sh.open(newSpanEditor(sh, c, at, true)), true
	case key.Matches(k, keys.earlier):
		return sh.open(newSpanEditor(sh, c, at, false)), true
	case key.Matches(k, keys.explain):
		return sh.open(newExplanation(sh, c, at)), true
	case key.Matches(k, keys.prefer):
		return sh.open(newConfirm(sh, prefer(c, at))), true
	case key.Matches(k, keys.timeline):
		return sh.open(newTimeline(sh, []door{at})), true
	case key.Matches(k, keys.edit):
		return sh.open(newEdit(sh, c, at)), true
	case key.Matches(k, keys.retry), key.Matches(k, keys.retryMarked):
		return sh.look(c.Device, at.name), true
	}
	return nil, false
}

// look asks for a look at a lock now, which also retries what failed.
func (sh *shell) look(id lock.DeviceID, name string) tea.Cmd {
	return sh.submit(engine.Observe{Device: id}, func(r engine.Receipt, err error) tea.Cmd {
		if err != nil {
			return sh.refused(err)
		}
		return sh.done("looking at "+name+" now", r)
	})
}

func codeName(c engine.CodeView) string {
	if c.Name != "" {
		return c.Name
	}
	return string(c.ID)
}

// revoke withdraws a code: it opens on Cancel.
func revoke(sh *shell, c engine.CodeView, at door) confirm {
	d := confirm{
		title: "Revoke " + codeName(c),
		ask:   "The code is erased from " + at.name + " at once and kept in history.",
		do:    func(confirmed) engine.Action { return engine.Delete{Code: c.ID} },
		done:  "revoked " + codeName(c),
	}
	if c.InHouse {
		d.warn = "The guest is in-house: from then on this PIN does not open the door."
	}
	if c.Offline != "" {
		d.warn = "An algorithmic code is not in the lock's memory: it can't be revoked before it ends."
	}
	return d
}

// pull gives a preprogrammed spare in place of a code that does not work.
func pull(sh *shell, c engine.CodeView, at door) confirm {
	return confirm{
		title: "Backup for " + codeName(c),
		ask:   "A spare PIN that is on " + at.name + " already works at once and ends when this code ends.",
		do:    func(confirmed) engine.Action { return engine.PullBackup{Code: c.ID} },
		done:  "gave a backup for " + codeName(c),
		then: func(r engine.Receipt) tea.Cmd {
			if r.Backup == "" {
				return nil
			}
			return sh.hand(r.Backup, "Backup for "+codeName(c), "This PIN opens "+at.name+" from now to the end of the code of "+codeName(c)+":", at)
		},
	}
}

// prefer turns a code's own wish for the lock's schedule on or off.
func prefer(c engine.CodeView, at door) confirm {
	jit := !c.JIT
	d := confirm{
		title: "Schedule of " + codeName(c),
		ask:   "Let " + at.name + " keep the schedule by its own clock, where it can.",
		do:    func(x confirmed) engine.Action { return engine.Update{Code: c.ID, JIT: &jit, AcceptGap: x.gap} },
		done:  codeName(c) + " is left to the lock's own schedule where it keeps one",
	}
	if jit {
		d.ask = "Write it just in time and erase it at its end, even if " + at.name + " keeps schedules."
		d.done = codeName(c) + " is written just in time"
	}
	return d
}

// adopt makes what somebody else put on a lock a managed code.
func adopt(v engine.SlotView, at door) confirm {
	return confirm{
		title: "Adopt " + v.Name,
		ask:   "Somebody else put it on " + at.name + ". From then on it is managed here: shown, watched and kept as it is.",
		do:    func(confirmed) engine.Action { return engine.Adopt{Device: at.id, Ref: v.Ref} },
		done:  "adopted " + v.Name,
	}
}

// eraseUnmanaged erases what somebody else put on a lock.
func eraseUnmanaged(v engine.SlotView, at door) confirm {
	return confirm{
		title: "Erase " + v.Name,
		ask:   "Somebody else put it on " + at.name + ". It is erased from the lock.",
		warn:  "Its digits are not known here: this can't be undone.",
		typed: "erase",
		do:    func(confirmed) engine.Action { return engine.DeleteUnmanaged{Device: at.id, Ref: v.Ref} },
		done:  "erasing " + v.Name,
	}
}

// rotate gives new digits, chosen or drawn.
func rotate(c engine.CodeView) confirm {
	d := confirm{
		title:  "New PIN for " + codeName(c),
		ask:    "The old digits stop working. Type new ones, or leave it empty to have them drawn.",
		digits: true,
		do: func(x confirmed) engine.Action {
			return engine.Rotate{Code: c.ID, PIN: x.pin, AcceptGap: x.gap, Reason: "operator"}
		},
		done: "new PIN for " + codeName(c) + "; v shows it",
	}
	if !c.Told.IsZero() {
		d.warn = "The old digits are told: whoever has them must be told the new ones."
	}
	return d
}

// codeVerbs are those that act on one code.
func codeVerbs() []string {
	return []string{"modify", "later", "earlier", "revoke", "reveal", "backup", "rotate", "retry", "explain", "prefer-native", "copy"}
}

// barsCode says why a verb can't be done to a code; "": it can, as far as is known here.
func barsCode(verb string, c engine.CodeView) string {
	over := c.Status == engine.StatusGone || c.Status == engine.StatusRemoving || !c.Deleted.IsZero()
	switch verb {
	case "modify", "later", "earlier", "revoke", "rotate", "backup", "prefer-native":
		switch {
		case c.Status == engine.StatusGone:
			return "the code is gone"
		case over:
			return "the code is on its way off the lock"
		case c.Offline != "" && verb != "backup":
			return "an algorithmic code is not in the lock: it can't be changed"
		case verb == "backup" && c.Backup:
			return "it is a backup itself"
		case verb == "prefer-native" && c.Starts.IsZero() && c.Ends.IsZero():
			return "an ongoing code needs no schedule"
		}
	case "reveal", "copy":
		if c.Waiting || !c.HasPIN {
			return "its digits are not known yet"
		}
	}
	return ""
}

// actMany handles verbs on several marked codes, and reports whether k was one.
func (sh *shell) actMany(k tea.KeyMsg, many []engine.CodeView) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, sh.keys.retryMarked), key.Matches(k, sh.keys.retry):
		return sh.open(newBulk(sh, lookAt(doorsOf(many)))), true
	case key.Matches(k, sh.keys.revoke):
		return sh.open(newBulk(sh, revokeMany(many))), true
	}
	return nil, false
}

// doorsOf are the locks of codes, each once.
func doorsOf(many []engine.CodeView) []door {
	var out []door
	seen := map[lock.DeviceID]bool{}
	for _, c := range many {
		if !seen[c.Device] {
			seen[c.Device] = true
			out = append(out, door{id: c.Device, name: doorName(c)})
		}
	}
	return out
}

// export writes rows, of which the first are the titles, to a file.
func (sh *shell) export(name string, rows [][]string) tea.Cmd {
	if sh.save == nil {
		return sh.tell(warn, sh.style.warn+" nothing can be written from here")
	}
	return sh.commands.export(name, rows)
}

// exported tells where an export went.
func (sh *shell) exported(path string, err error) tea.Cmd {
	if err != nil {
		return sh.refused(err)
	}
	return sh.tell(good, sh.style.check+" written to "+path)
}

// codesTable is a list of codes for a file, without digits.
func codesTable(codes []engine.CodeView) [][]string {
	out := [][]string{{"code", "name", "device", "status", "starts", "ends", "readiness", "evidence", "cause", "action"}}
	for _, c := range codes {
		out = append(out, []string{string(c.ID), c.Name, string(c.Device), string(c.Status), instant(c.Starts), instant(c.Ends), string(c.Readiness), string(c.Evidence), c.Cause, c.Action})
	}
	return out
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// quoted is a word of a command line, quoted for a shell where it must be.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,+=@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// zoneNamed is a zone by its name; the operator's where it is not known.
func (sh *shell) zoneNamed(name string) *time.Location {
	if zone := sh.zones[name]; zone != nil {
		return zone
	}
	return sh.zone
}

func isSideways(s screen) bool {
	_, ok := s.(sideways)
	return ok
}
