package tui

import (
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
	case key.Matches(k, keys.edit):
		return sh.open(newEdit(sh, c, at)), true
	case key.Matches(k, keys.retry):
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
		done:  "gave a backup for " + codeName(c) + "; v shows its PIN",
		then: func(r engine.Receipt) tea.Cmd {
			if r.Backup == "" {
				return nil
			}
			return sh.reveal(r.Backup)
		},
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
