package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// The commands that show on the command line what screens show.
const (
	cliCode     = "lockctl codes show %s"
	cliCodes    = "lockctl codes list"
	cliFind     = "lockctl codes list --filter %s"
	cliOfDevice = "lockctl codes list --device %s"
	cliGone     = "lockctl codes history %s"
	cliDevice   = "lockctl devices show %s"
	cliDevices  = "lockctl devices list"
	cliSorted   = " --sort %s"
	cliFiltered = " --filter %s"
	cliExplain  = "lockctl codes explain %s"
	cliJournal  = "lockctl events tail --follow"
	cliSwap     = "lockctl devices swap %s NEW"
)

// CommandLines are samples of every command that the footer can show, for whoever checks them against the grammar.
func CommandLines() []string {
	name, at, on := "Ada", time.Unix(0, 0), true
	pin := lock.PIN{}
	out := []string{cliCodes, cliDevices + fmt.Sprintf(cliSorted, "name") + fmt.Sprintf(cliFiltered, "x"), cliJournal, cliJournal + fmt.Sprintf(cliFiltered, "x")}
	for _, c := range []string{cliCode, cliFind, cliOfDevice, cliGone, cliDevice, cliExplain, cliSwap} {
		out = append(out, fmt.Sprintf(c, "x"))
	}
	for _, a := range []engine.Action{
		engine.Create{Device: "x", Name: name, Starts: at, Ends: at, JIT: on, UsePool: on}, engine.CreateMany{Devices: []lock.DeviceID{"x", "y"}},
		engine.Update{Code: "x", Name: &name, PIN: &pin, Starts: &at, Ends: &at, JIT: &on, AcceptGap: on}, engine.Delete{Code: "x"}, engine.Rotate{Code: "x", AcceptGap: on},
		engine.PullBackup{Code: "x"}, engine.SetPool{Device: "x", On: on}, engine.SetPool{Device: "x"}, engine.Adopt{Device: "x", Ref: "1"}, engine.DeleteUnmanaged{Device: "x", Ref: "1"},
		engine.SwapDevice{Old: "x", New: "y"}, engine.Observe{Device: "x"}, engine.Undo{Receipt: 1, AcceptGap: on},
	} {
		out = append(out, commandLine(a))
	}
	return out
}

// commandLine is the command that does an action; "": there is none. It never holds digits.
func commandLine(a engine.Action) string {
	var b strings.Builder
	word := func(words ...string) {
		for _, w := range words {
			b.WriteString(" " + w)
		}
	}
	option := func(name string, t *time.Time) {
		if t != nil && !t.IsZero() {
			word("--"+name, t.UTC().Format(time.RFC3339))
		}
	}
	flag := func(on bool, name string) {
		if on {
			word("--" + name)
		}
	}
	b.WriteString("lockctl")
	switch do := a.(type) {
	case engine.Create:
		word("codes", "create", quoted(string(do.Device)))
		creation(do, word, option, flag)
	case engine.CreateMany:
		word("codes", "create")
		for _, d := range do.Devices {
			word(quoted(string(d)))
		}
		creation(do.Like, word, option, flag)
	case engine.Update:
		word("codes", "update", quoted(string(do.Code)))
		if do.Name != nil {
			word("--name", quoted(*do.Name))
		}
		if do.PIN != nil {
			word("--pin-file", "-")
		}
		option("starts", do.Starts)
		option("ends", do.Ends)
		flag(do.JIT != nil && *do.JIT, "jit")
		flag(do.AcceptGap, "accept-gap")
	case engine.Delete:
		word("codes", "delete", quoted(string(do.Code)))
	case engine.Rotate:
		word("codes", "rotate", quoted(string(do.Code)))
		flag(do.AcceptGap, "accept-gap")
	case engine.PullBackup:
		word("pool", "pull", quoted(string(do.Code)))
	case engine.SetPool:
		word("pool", map[bool]string{true: "enable", false: "disable"}[do.On], quoted(string(do.Device)))
	case engine.Adopt:
		word("devices", "adopt", quoted(string(do.Device)), quoted(string(do.Ref)))
	case engine.DeleteUnmanaged:
		word("devices", "erase", quoted(string(do.Device)), quoted(string(do.Ref)))
	case engine.SwapDevice:
		word("devices", "swap", quoted(string(do.Old)), quoted(string(do.New)))
	case engine.Observe:
		word("devices", "observe", quoted(string(do.Device)))
	case engine.Undo:
		word("undo", fmt.Sprint(do.Receipt))
		flag(do.AcceptGap, "accept-gap")
	default:
		return ""
	}
	return b.String()
}

// creation adds what a code is to be like.
func creation(do engine.Create, word func(...string), option func(string, *time.Time), flag func(bool, string)) {
	if do.Name != "" {
		word("--name", quoted(do.Name))
	}
	if !do.PIN.IsZero() {
		word("--pin-file", "-")
	}
	option("starts", &do.Starts)
	option("ends", &do.Ends)
	flag(do.JIT, "jit")
	flag(do.UsePool, "pool")
}

func (d *confirmation) cli() string { return commandLine(d.do(d.choice())) }

func (e *spanEditor) cli() string { return commandLine(e.action()) }

func (d *bulkDialog) cli() string {
	if len(d.each) == 0 {
		return ""
	}
	at := min(d.at, len(d.each)-1)
	return commandLine(d.each[at]) + fmt.Sprintf("  # %d of %d", at+1, len(d.each))
}

func (f *form) cli() string {
	do, ok := f.action()
	if !ok {
		return ""
	}
	return commandLine(do)
}
