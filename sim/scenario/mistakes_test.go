package scenario

import (
	"flag"
	"os"
	"strings"
	"testing"
)

// at is a step of the small story; its line is the tenth of the file.
func at(body string) string { return story("[[at]]\nt = \"1h\"\n" + body + "\n") }

// guest is the small story with a code whose digits are told, and more from the eleventh line on.
func guest(more string) string {
	return story("[[at]]\nt = \"0s\"\ncreate = { id = \"guest\", lock = \"front\", pin = \"4829\" }\n" + more + "\n")
}

// Each rule of the format has a file that breaks it. The sentences stand in testdata/mistakes.txt, to be reviewed as the
// prose that they are; -update writes them anew.
func TestEveryRuleHasItsSentence(t *testing.T) {
	var got strings.Builder
	for _, c := range []struct{ rule, file string }{
		// The file as text and as TOML.
		{"empty", ""},
		{"only comments", "# nothing\n"},
		{"too large", strings.Repeat("#", MaxBytes+1)},
		{"not UTF-8", "[scenario]\nname = \"caf\xe9\"\n"},
		{"syntax", "[scenario]\nrun = 48h\n"},
		{"duplicate key", "[scenario]\nname = \"x\"\nname = \"y\"\n"},
		{"impossible date", "[scenario]\nstart = 2026-02-30T08:00:00Z\n"},
		{"table twice", "[scenario]\n[scenario]\n"},
		// Keys and types.
		{"unknown table", story("[[locks]]\nid = \"x\"\n")},
		{"unknown key", strings.Replace(story(""), "run ", "runs", 1)},
		{"unknown key, nothing near", story("[[expect]]\ncode = \"x\"\nzzzzzz = 1\n")},
		{"unknown key in a command", at(`create = { id = "a", lock = "front", pni = "4829" }`)},
		{"text for a number", strings.Replace(story(""), `run   = "10h"`, "run = \"10h\"\nseed = \"7\"", 1)},
		{"number for text", strings.Replace(story(""), `"x"`, "7", 1)},
		{"text for yes or no", guest("[[at]]\nt = \"1h\"\ntype = { code = \"guest\", opens = \"yes\" }")},
		{"table for a list", story("[[expect]]\ncode = { id = \"guest\" }\n")},
		{"table for tables", "[scenario]\nname = \"x\"\nstart = 2026-03-28T08:00:00+01:00\nrun = \"1h\"\n[lock]\nid = \"a\"\n"},
		{"value for a table", at(`create = "guest"`)},
		{"missing key", at(`create = { lock = "front" }`)},
		{"missing table", "[[lock]]\nid = \"front\"\nmodel = \"jit.keypad\"\n"},
		{"no lock at all", strings.Replace(story(""), "[[lock]]\nid = \"front\"\nmodel = \"jit.keypad\"\n", "", 1)},
		{"empty list of locks", "lock = []\n[scenario]\nname = \"x\"\nstart = 2026-03-28T08:00:00+01:00\nrun = \"1h\"\n"},
		{"name with a space", strings.Replace(story(""), `"front"`, `"front door"`, 1)},
		{"empty name", strings.Replace(story(""), `"front"`, `""`, 1)},
		{"long name", strings.Replace(story(""), `"front"`, `"`+strings.Repeat("f", 65)+`"`, 1)},
		{"two stars", at(`fault = { on = "*-*", kind = "lost-ack" }`)},
		{"a star where one is meant", strings.Replace(story(""), `"front"`, `"f*"`, 1)},
		{"long text", at(`note = "` + strings.Repeat("x", MaxText+1) + `"`)},
		{"control character", at(`note = "a\u0007b"`)},
		{"story without a name", strings.Replace(story(""), `"x"`, `" "`, 1)},
		{"name of two lines", strings.Replace(story(""), `"x"`, `"a\nb"`, 1)},
		{"PIN as a number", at(`create = { id = "a", lock = "front", pin = 4829 }`)},
		{"PIN of letters", at(`create = { id = "a", lock = "front", pin = "48x9" }`)},
		// Times.
		{"duration without a unit", strings.Replace(story(""), `"10h"`, `"10"`, 1)},
		{"duration as a number", strings.Replace(story(""), `"10h"`, `10`, 1)},
		{"no duration", strings.Replace(story(""), `"10h"`, `"ten hours"`, 1)},
		{"empty duration", strings.Replace(story(""), `"10h"`, `""`, 1)},
		{"duration out of bounds", strings.Replace(story(""), `"10h"`, `"401d"`, 1)},
		{"time as a number", strings.Replace(at(`note = "x"`), `"1h"`, `90`, 1)},
		{"time as true", strings.Replace(at(`note = "x"`), `"1h"`, `true`, 1)},
		{"no date and time", strings.Replace(at(`note = "x"`), `"1h"`, `"2026-03-28 25:00"`, 1)},
		{"date alone", strings.Replace(at(`note = "x"`), `"1h"`, `2026-03-28`, 1)},
		{"local time without a zone", strings.Replace(at(`note = "x"`), `"1h"`, `2026-03-28T09:00:00`, 1)},
		{"local time in a gap", at(`create = { id = "a", lock = "front", starts = "2026-03-29 02:30", ends = "2026-03-29 05:00" }`)},
		{"local time in a fold", at(`create = { id = "a", lock = "front", starts = "2026-10-25 02:30", ends = "2026-10-25 05:00" }`)},
		{"start that is relative", strings.Replace(story(""), "2026-03-28T08:00:00+01:00", `"+1h"`, 1)},
		{"start out of bounds", strings.Replace(story(""), "2026-03-28T08:00:00+01:00", `1970-01-01T00:00:00Z`, 1)},
		{"step after the end", strings.Replace(at(`note = "x"`), `"1h"`, `"11h"`, 1)},
		{"step before the start", strings.Replace(at(`note = "x"`), `"1h"`, `"-1h"`, 1)},
		{"expectation after the end", guest("[[expect]]\nt = \"2026-03-28T20:00:00+01:00\"\ncode = \"guest\"\nstatus = \"set\"")},
		{"unknown zone", strings.Replace(story(""), "model", "zone = \"Europe/Berln\"\nmodel", 1)},
		{"window upside down", at(`create = { id = "a", lock = "front", starts = "+3h", ends = "+2h" }`)},
		{"window in the past", at(`create = { id = "a", lock = "front", starts = "+10m", ends = "+50m" }`)},
		{"end alone", at(`create = { id = "a", lock = "front", ends = "+3h" }`)},
		// Names.
		{"unknown lock", at(`observe = "font"`)},
		{"unknown lock, nothing near", at(`observe = "garage"`)},
		{"pattern without a match", at(`observe = "room-*"`)},
		{"unknown hub of a lock", strings.Replace(story(""), "model", "hub = \"attic\"\nmodel", 1)},
		{"unknown account", story("[[account]]\nid = \"main\"\n[[hub]]\nid = \"attic\"\naccount = \"mian\"\n")},
		{"unknown code", guest("[[at]]\nt = \"1h\"\ndelete = { code = \"gest\" }")},
		{"code of a later step", guest("[[at]]\nt = \"1h\"\ndelete = { code = \"late\" }\n[[at]]\nt = \"2h\"\ncreate = { id = \"late\", lock = \"front\" }")},
		{"unknown fault", at(`fault = { on = "front", kind = "lost-ak" }`)},
		{"unknown event", story("[[expect]]\nevent = \"access_code.sett_on_device\"\n")},
		{"unknown issue", guest("[[expect]]\ncode = \"guest\"\nissue = \"duplicate_code\"")},
		{"unknown status", guest("[[expect]]\ncode = \"guest\"\nstatus = \"done\"")},
		{"unknown rule", story("[check]\nalways = [\"windows\"]\n")},
		{"unknown need", strings.Replace(story(""), "run ", "needs = [\"lists\"]\nrun ", 1)},
		{"need that no lock meets", strings.Replace(story(""), "run ", "needs = [\"native\"]\nrun ", 1)},
		{"unknown step to undo", at(`undo = "typo"`)},
		{"undo of no command", story("[[at]]\nt = \"0s\"\nid = \"word\"\nnote = \"x\"\n[[at]]\nt = \"1h\"\nundo = \"word\"\n")},
		{"heal of nothing", at(`heal = "outage"`)},
		{"heal of no fault", story("[[at]]\nt = \"0s\"\nid = \"word\"\nnote = \"x\"\n[[at]]\nt = \"1h\"\nheal = \"word\"\n")},
		{"duplicate lock", story("[[lock]]\nid = \"front\"\nmodel = \"jit.keypad\"\n")},
		{"duplicate code", guest("[[at]]\nt = \"1h\"\ncreate = { id = \"guest\", lock = \"front\" }")},
		{"duplicate step", story("[[at]]\nt = \"0s\"\nid = \"a\"\nnote = \"x\"\n[[at]]\nt = \"0s\"\nid = \"a\"\nnote = \"y\"\n")},
		{"duplicate account", story("[[account]]\nid = \"a\"\n[[account]]\nid = \"a\"\n")},
		// Steps.
		{"step without a verb", story("[[at]]\nt = \"1h\"\n")},
		{"step with two verbs", at("note = \"x\"\nheal = \"front\"")},
		{"refusal of no command", at("refused = \"busy\"\nnote = \"x\"")},
		{"field without a refusal", at("field = \"pin\"\nobserve = \"front\"")},
		{"every of a command", at("every = \"1m\"\nobserve = \"front\"")},
		{"until without every", at("until = \"2h\"\ntype = { lock = \"front\", pin = \"1\" }")},
		{"until before t", at("every = \"1m\"\nuntil = \"1h\"\ntype = { lock = \"front\", pin = \"1\" }")},
		{"repeated too often", at("every = \"1s\"\ntype = { lock = \"front\", pin = \"1\" }")},
		{"star in the id alone", at(`create = { id = "a-*", lock = "front" }`)},
		{"create_many without a star", at(`create_many = { id = "a", locks = ["front"] }`)},
		{"create_many of no door", at(`create_many = { id = "a-*", locks = [] }`)},
		{"update_many of both", guest("[[at]]\nt = \"1h\"\nupdate_many = { code = \"guest\", common_key = \"x\" }")},
		{"convert without times", guest("[[at]]\nt = \"1h\"\nconvert = { code = \"guest\", starts = \"+2h\" }")},
		{"adopt by slot and name", at(`adopt = { lock = "front", slot = 1, name = "x", as = "y" }`)},
		{"untold code typed", at("create = { id = \"a\", lock = \"front\" }\n[[at]]\nt = \"2h\"\ntype = { code = \"a\" }")},
		{"nothing typed", at(`type = { lock = "front", opens = true }`)},
		{"typed nowhere", at(`type = { pin = "1234" }`)},
		{"reason of an open door", guest("[[at]]\nt = \"1h\"\ntype = { code = \"guest\", opens = true, reason = \"disabled\" }")},
		{"edit without what it needs", at(`edit = { lock = "front", kind = "pin", slot = 1 }`)},
		{"edit of nothing", at(`edit = { lock = "front", kind = "remove" }`)},
		{"engine does two things", at(`engine = { stop = "1h", kill = 1 }`)},
		{"engine stopped past the end", at(`engine = { stop = "10h" }`)},
		{"fault on the wrong thing", story("[[hub]]\nid = \"attic\"\n[[at]]\nt = \"0s\"\nfault = { on = \"attic\", kind = \"clear-noop\" }\n")},
		{"unknown parameter of a fault", at(`fault = { on = "front", kind = "latency", means = "10s" }`)},
		{"op of a fault of state", at(`fault = { on = "front", kind = "offline", op = "set" }`)},
		{"policy out of bounds", story("[policy]\njit_lead = \"25h\"\n")},
		{"policy for nobody", story("[policy]\non = \"frnt\"\njit_lead = \"1h\"\n")},
		// Expectations and checks.
		{"expectation about nothing", story("[[expect]]\nt = \"1h\"\n")},
		{"expectation that says nothing", guest("[[expect]]\ncode = \"guest\"")},
		{"expectation about two things", guest("[[expect]]\ncode = \"guest\"\nlock = \"front\"\nstatus = \"set\"")},
		{"check of a lock on a code", guest("[[expect]]\ncode = \"guest\"\nheld = 1")},
		{"check of a code on a lock", story("[[expect]]\nlock = \"front\"\nstatus = \"set\"\n")},
		{"code that is never created", guest("[[expect]]\ncode = \"ghost\"\nstatus = \"set\"")},
		{"code that is refused", at("refused = \"busy\"\ncreate = { id = \"a\", lock = \"front\" }\n[[expect]]\ncode = \"a\"\nstatus = \"set\"")},
		{"code that is not created yet", at("create = { id = \"a\", lock = \"front\" }\n[[expect]]\nt = \"30m\"\ncode = \"a\"\nstatus = \"set\"")},
		{"count out of bounds", guest("[[expect]]\ncode = \"guest\"\nstatus = \"set\"\ncount = 2")},
		{"count of events with min", story("[[expect]]\nevent = \"access_code.created\"\ncount = 2\nmin = 1\n")},
		{"min above max", story("[[expect]]\nevent = \"access_code.created\"\nmin = 2\nmax = 1\n")},
		{"between one instant", story("[[expect]]\nevent = \"access_code.created\"\nbetween = [\"1h\"]\n")},
		{"between upside down", story("[[expect]]\nevent = \"access_code.created\"\nbetween = [\"2h\", \"1h\"]\n")},
		{"between past t", story("[[expect]]\nt = \"1h\"\nevent = \"access_code.created\"\nbetween = [\"0s\", \"2h\"]\n")},
		{"clean = false", guest("[[expect]]\ncode = \"guest\"\nclean = false")},
		{"sometimes of no kind", story("[check]\nsometimes = [\"lost-ack\"]\n")},
		{"sometimes of an unknown name", story("[check]\nsometimes = [\"fault:lost-ac\"]\n")},
		{"limits of an unknown lock", story("[check]\nlimits = { lock = { fron = { sets = 1 } } }\n")},
		{"limits of an unknown system", story("[check]\nlimits = { per_provider = { nuky = { sets = 1 } } }\n")},
	} {
		_, err := Decode("x.toml", []byte(c.file))
		if err == nil {
			t.Errorf("%s: is accepted", c.rule)
			continue
		}
		got.WriteString(c.rule + "\n")
		for line := range strings.Lines(err.Error()) {
			got.WriteString("    " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	golden(t, "testdata/mistakes.txt", got.String())
}

func TestTheDocumentationIsThatOfTheFormat(t *testing.T) {
	golden(t, "../../docs/scenario.md", string(Documentation()))
}

var update = flag.Bool("update", false, "write the golden files instead of comparing")

// golden compares with a file, or writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: differs; look at it, then run go test -update\n%s", path, firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return "want " + a + "\ngot  " + b
		}
	}
	return ""
}
