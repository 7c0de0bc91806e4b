package scenario

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/sim"
)

// play decodes and runs a story.
func play(t *testing.T, text string, o Options) *Result {
	t.Helper()
	f, err := Decode("x.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	res, err := Run(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// passes runs a story that must pass.
func passes(t *testing.T, text string) *Result {
	t.Helper()
	res := play(t, text, Options{})
	for _, x := range res.Failures {
		t.Errorf("line %d: %s\n%s", x.Pos.Line, x.Text, strings.Join(x.Around, "\n"))
	}
	return res
}

func TestTheSameStoryGivesTheSameTrace(t *testing.T) {
	first := play(t, sample, Options{})
	if first.Verdict != Pass || len(first.Failures) > 0 {
		t.Fatalf("verdict %v, failures %+v", first.Verdict, first.Failures)
	}
	for name, o := range map[string]Options{
		"again": {},
		"another store": {Store: func() (store.Store, error) {
			return badgerkv.Open(badgerkv.Options{InMemory: true})
		}},
	} {
		if got := play(t, sample, o); string(got.Trace()) != string(first.Trace()) {
			t.Errorf("%s: %s", name, firstDifference(string(first.Trace()), string(got.Trace())))
		}
	}
}

func TestATraceTellsTheStoryWithoutDigits(t *testing.T) {
	trace := string(play(t, sample, Options{}).Trace())
	for _, want := range []string{
		"# lost acknowledgement at check-in\n# start 2026-03-28T07:00:00Z, run 48h, seed 7\n",
		"step     front create guest — [+4h, +28h)",
		"+003h25m00.000s  fault    front lost-ack",
		"outcome  front set guest: ambiguous",
		"+005h00m00.000s  try      front opens guest",
		"times more\n",
		"+048h00m00.000s  end     pass\n",
	} {
		if !strings.Contains(trace, want) {
			t.Errorf("lacks %q:\n%s", want, trace)
		}
	}
	if strings.Contains(trace, "4829") {
		t.Error("the trace holds a PIN")
	}
}

func TestWatchGetsEveryRecord(t *testing.T) {
	n := 0
	res := play(t, sample, Options{Watch: func(sim.Record) { n++ }})
	if n == 0 || n != len(res.Records) {
		t.Errorf("watched %d records, the result has %d", n, len(res.Records))
	}
}

func TestFailuresSayWhatWasWantedAndSeen(t *testing.T) {
	const create = "[[at]]\nt = \"0s\"\ncreate = { id = \"guest\", lock = \"front\", pin = \"4829\", starts = \"+2h\", ends = \"+4h\" }\n"
	for _, c := range []struct{ name, story, want string }{
		{"status", create + "[[expect]]\nt = \"1h\"\ncode = \"guest\"\nstatus = \"set\"\nevidence = \"used\"", "guest: want status set, saw unset; want evidence used, saw none"},
		{"issue", create + "[[expect]]\nt = \"1h\"\ncode = \"guest\"\nissue = \"contended\"", "guest: want issue contended, saw none"},
		{"blame", create + "[[expect]]\nt = \"1h\"\ncode = \"guest\"\nblame = \"hub\"", "guest: want blame hub, saw none"},
		{"mutation", create + "[[expect]]\nt = \"1h\"\ncode = \"guest\"\nmutation = \"none\"", "guest: want mutation none, saw deferring_creation"},
		{"window", create + "[[expect]]\nt = \"1h\"\ncode = \"guest\"\nends = \"+5h\"", "guest: want ends +5h, saw +4h"},
		{"truth", create + "[[expect]]\nt = \"3h\"\ncode = \"guest\"\non_lock = false\nopens = false", "guest: want on_lock false, saw true; want opens false, saw true"},
		{"digits", create + "[[expect]]\nt = \"3h\"\ncode = \"guest\"\ndigits = 6", "guest: want digits 6, saw 4"},
		{"lock", create + "[[expect]]\nt = \"3h\"\nlock = \"front\"\nheld = 0\nslots_free = 20\nlink = \"hub_down\"", "front: want held 0, saw 1; want slots_free 20, saw 19; want link hub_down, saw up"},
		{"radio", create + "[[expect]]\nlock = \"front\"\nradio_max = 1", "front: want radio_max 1, saw"},
		{"count", create + "[[expect]]\nt = \"1h\"\ncode = \"guest\"\nstatus = \"set\"\ncount = 1", "want 1 of 1 codes to fit, but 0 do; guest: want status set, saw unset"},
		{"event", create + "[[expect]]\nevent = \"access_code.set_on_device\"\ncode = \"guest\"\nbetween = [\"0s\", \"1h\"]", "want at least 1 events access_code.set_on_device from +0s to +1h, saw 0"},
		{"keypad refuses", create + "[[at]]\nt = \"1h\"\ntype = { code = \"guest\", opens = true }", "want guest to open front, but the keypad refuses: unknown_code"},
		{"keypad opens", create + "[[at]]\nt = \"3h\"\ntype = { code = \"guest\", opens = false }", "want guest to be refused at front, but it opens"},
		{"reason", create + "[[at]]\nt = \"1h\"\ntype = { code = \"guest\", reason = \"disabled\" }", "want the keypad of front to refuse for disabled, but its reason is unknown_code"},
		{"refused", "[[at]]\nt = \"0s\"\ncreate = { id = \"a\", lock = \"front\", pin = \"1\" }", "want create to be accepted, but it is refused with"},
		{"not refused", "[[at]]\nt = \"0s\"\nrefused = \"busy\"\ncreate = { id = \"a\", lock = \"front\" }", "want create to be refused with busy, but it is accepted"},
		{"refused otherwise", "[[at]]\nt = \"0s\"\nrefused = \"busy\"\ncreate = { id = \"a\", lock = \"front\", pin = \"1\" }", "want create to be refused with busy, but it is refused with"},
		{"another field", "[[at]]\nt = \"0s\"\nrefused = \"pin_not_allowed\"\nfield = \"name\"\ncreate = { id = \"a\", lock = \"front\", pin = \"1\" }", "want create to be refused for name, but the refusal names \"pin\""},
		{"limit", create + "[check]\nlimits = { sets = 0 }", "want at most 0 sets, saw 1"},
		{"limit of a lock", create + "[check]\nlimits = { lock = { front = { sets = 0 } } }", "want at most 0 sets on front, saw 1"},
		{"exposure", create + "[check]\nlimits = { exposure = \"0s\" }", "want an exposure of at most 0s, saw"},
		{"sometimes", create + "[check]\nsometimes = [\"fault:lost-ack\"]", "want fault lost-ack to happen at least once, but it never did"},
		{"adopt of nothing", "[[at]]\nt = \"1h\"\nadopt = { lock = \"front\", slot = 3, as = \"cleaner\" }", "adopt: the engine knows no unmanaged code slot 3 on front"},
		{"command while stopped", "[[at]]\nt = \"1h\"\nengine = { stop = \"1h\" }\n[[at]]\nt = \"90m\"\nobserve = \"front\"", "observe: the engine is stopped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := play(t, story(c.story+"\n"), Options{})
			if len(res.Failures) == 0 || !strings.HasPrefix(res.Failures[0].Text, c.want) {
				t.Fatalf("got %+v, want %q", res.Failures, c.want)
			}
			if res.Verdict != Expectation || res.Failures[0].Pos.Line < 8 {
				t.Errorf("verdict %v at line %d", res.Verdict, res.Failures[0].Pos.Line)
			}
			for _, x := range res.Failures {
				if strings.Contains(x.Text, "4829") {
					t.Errorf("digits in %q", x.Text)
				}
			}
		})
	}
}

func TestAFailureShowsTheEventsAroundIt(t *testing.T) {
	res := play(t, story(`[[at]]
t = "0s"
create = { id = "guest", lock = "front", pin = "4829", starts = "+2h", ends = "+4h" }
[[at]]
t = "1h"
note = "nothing to do with the guest"
[[expect]]
t = "3h"
code = "guest"
status = "unset"
`), Options{})
	if len(res.Failures) != 1 {
		t.Fatalf("failures: %+v", res.Failures)
	}
	around := strings.Join(res.Failures[0].Around, "\n")
	if !strings.Contains(around, "access_code.set_on_device front guest") || !strings.Contains(around, "front clear guest") || strings.Contains(around, "note") {
		t.Errorf("around:\n%s", around)
	}
}

func TestSharedDigitsAreTypedAtEveryDoorThatHasThem(t *testing.T) {
	const two = "[[lock]]\nid = \"gate\"\nmodel = \"jit.keypad\"\n[[at]]\nt = \"0s\"\n"
	const typed = "[[at]]\nt = \"30m\"\nreveal = \"stay-front\"\n[[at]]\nt = \"1h\"\ntype = { lock = \"gate\", code = \"stay-front\", opens = true }\n"
	passes(t, story(two+"create_many = { id = \"stay-*\", locks = [\"front\", \"gate\"] }\n"+typed))
	res := play(t, story(two+"create = { id = \"stay-*\", lock = \"*\" }\n"+typed), Options{})
	if len(res.Failures) != 1 || !strings.HasPrefix(res.Failures[0].Text, "want stay-front to open gate, but the keypad refuses: unknown_code") {
		t.Errorf("got %+v", res.Failures)
	}
}

func TestPeopleTypeWhatTheyWereToldLast(t *testing.T) {
	passes(t, story(`[[at]]
t = "0s"
create = { id = "guest", lock = "front", pin = "4829" }
[[at]]
t = "30m"
type = { code = "guest", opens = true }
[[at]]
t = "1h"
rotate = { code = "guest", accept_gap = true }
[[at]]
t = "2h"
type = { code = "guest", opens = false }
[[at]]
t = "3h"
reveal = "guest"
[[at]]
t = "4h"
type = { code = "guest", opens = true }
[[at]]
t = "5h"
update = { code = "guest", pin = "7316", accept_gap = true }
[[at]]
t = "6h"
type = { code = "guest", opens = true }
[[at]]
t = "6h"
type = { lock = "front", pin = "4829", opens = false }
`))
}

func TestASparesNameIsThatOfTheFile(t *testing.T) {
	res := passes(t, story(`[[at]]
t = "0s"
pool = { lock = "front", on = true }
[[at]]
t = "0s"
create = { id = "guest", lock = "front", pin = "4829", starts = "+2h", ends = "+8h" }
[[expect]]
t = "1h"
lock = "front"
pool = 3
[[at]]
t = "3h"
pull = { code = "guest", as = "spare" }
[[at]]
t = "3h"
reveal = "spare"
[[at]]
t = "4h"
type = { code = "spare", opens = true }
[[expect]]
t = "4h"
code = "guest"
pulled = true
issue = "using_backup_access_code"
[[expect]]
t = "4h"
event = "access_code.backup_access_code_pulled"
code = "guest"
count = 1
[[at]]
t = "8h30m"
type = { code = "spare", opens = false }
`))
	if trace := string(res.Trace()); !strings.Contains(trace, "written spare") || !strings.Contains(trace, "opens spare") {
		t.Errorf("the trace does not name the spare:\n%s", trace)
	}
}

func TestCommandsOfEveryKindAreSteps(t *testing.T) {
	passes(t, story(`[[lock]]
id = "gate"
model = "native.keypad"
[[lock]]
id = "shed"
model = "jit.keypad"

[[at]]
t = "0s"
create_many = { id = "stay-*", locks = ["front", "gate"], starts = "+2h", ends = "+6h" }
[[at]]
t = "0s"
key = "booking-7"
create = { id = "cleaner", lock = "shed", pin = "7316" }
[[at]]
t = "1m"
key = "booking-7"
create = { id = "cleaner", lock = "shed", pin = "7316" }
[[at]]
t = "2m"
refused = "duplicate_access_code"
create = { id = "twin", lock = "shed", pin = "7316" }
[[at]]
t = "3m"
dry_run = true
delete = { code = "cleaner" }
[[at]]
t = "10m"
id = "later"
update_many = { code = "stay-front", ends = "+8h" }
[[expect]]
t = "11m"
code = "stay-*"
ends = "+8h"
type = "time_bound"
[[at]]
t = "20m"
undo = "later"
[[expect]]
t = "21m"
code = "stay-gate"
ends = "+6h"
[[at]]
t = "30m"
edit = { lock = "shed", kind = "add", slot = 9, pin = "135790", name = "neighbour" }
[[at]]
t = "31m"
observe = "shed"
[[expect]]
t = "35m"
lock = "shed"
unmanaged = 1
held = 2
[[at]]
t = "36m"
adopt = { lock = "shed", slot = 9, as = "neighbour" }
[[expect]]
t = "40m"
code = "neighbour"
on_lock = true
[[at]]
t = "41m"
edit = { lock = "shed", kind = "add", slot = 7, pin = "24680" }
[[at]]
t = "42m"
observe = "shed"
[[at]]
t = "45m"
delete_unmanaged = { lock = "shed", slot = 7 }
[[expect]]
t = "50m"
lock = "shed"
held = 2
unmanaged = 0
[[at]]
t = "1h"
policy = { on = "shed", backup_pool_size = 2 }
[[at]]
t = "1h"
pool = { lock = "shed", on = true }
[[expect]]
t = "1h29m"
lock = "shed"
pool = 2
[[at]]
t = "1h30m"
pool = { lock = "shed", on = false }
[[at]]
t = "2h"
add_lock = { id = "shed-2", model = "jit.keypad" }
[[at]]
t = "2h5m"
swap = { old = "shed", new = "shed-2" }
[[at]]
t = "3h"
type = { code = "cleaner", opens = true }
[[at]]
t = "3h"
convert = { code = "cleaner", starts = "+3h", ends = "+5h", accept_gap = true }
[[at]]
t = "4h"
id = "out"
fault = { on = "shed-2", kind = "offline" }
[[at]]
t = "4h30m"
heal = "out"
[[at]]
t = "5h"
engine = { kill = 1 }
[[at]]
t = "5h30m"
type = { code = "cleaner", opens = false }
[[at]]
t = "6h30m"
engine = { stop = "1h" }
[[at]]
t = "8h"
remove_lock = "gate"
[[expect]]
code = "cleaner"
status = "gone"
`))
}

func TestARunStopsAtItsFirstFailureWhereItIsWanted(t *testing.T) {
	res := play(t, story("[[expect]]\nt = \"2h\"\nlock = \"front\"\nheld = 1\n"), Options{StopAtFailure: true})
	if res.Span != 2*time.Hour || len(res.Failures) != 1 {
		t.Errorf("ran %s, failures %+v", res.Span, res.Failures)
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	f, err := Decode("x.toml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, f, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAStagedStoryHappensWhenItsWorldRuns(t *testing.T) {
	f, err := Decode("x.toml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	s := memkv.New()
	opened := false
	w, err := Stage(t.Context(), f, s, func(r sim.Record) { opened = opened || r.Kind == sim.KindTry && r.Name == "opens" })
	if err != nil {
		t.Fatal(err)
	}
	if !w.Now().Equal(f.Start) {
		t.Errorf("begins at %v", w.Now())
	}
	if err := errors.Join(w.RunUntil(f.End()), w.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if !opened {
		t.Error("nobody opened the door")
	}
}

func TestRepetitionsAreFolded(t *testing.T) {
	lines := func(texts string) []line {
		var out []line
		for s := range strings.SplitSeq(texts, "") {
			out = append(out, line{text: s})
		}
		return out
	}
	for _, c := range []struct {
		texts       string
		size, times int
	}{{"abc", 1, 1}, {"aab", 1, 1}, {"aaab", 1, 3}, {"abababc", 2, 3}, {"ababc", 1, 1}, {"abcabcabcabc", 3, 4}} {
		if size, times := repeats(lines(c.texts)); size != c.size || times != c.times {
			t.Errorf("%s: %d times %d", c.texts, times, size)
		}
	}
}

func TestALongTraceEndsInASum(t *testing.T) {
	res := &Result{File: &File{Name: "x", Start: time.Date(2026, 3, 28, 8, 0, 0, 0, time.UTC)}}
	for i := range MaxTrace + 50 {
		res.Records = append(res.Records, sim.Record{At: res.File.Start, Kind: sim.KindStep, Name: "note", Text: strings.Repeat("x", i%97) + strings.Repeat("y", i%89)})
	}
	first := string(res.Trace())
	if n := strings.Count(first, "\n"); n > MaxTrace+8 || !strings.Contains(first, "# 50 lines more, of other locks and codes, SHA-256 ") {
		t.Fatalf("%d lines, ending in %s", n, first[len(first)-200:])
	}
	res.Records[MaxTrace+20].Text = "another"
	if string(res.Trace()) == first {
		t.Error("a change beyond the bound does not show")
	}
}

func TestALargeFleetHasADigest(t *testing.T) {
	fleet := story("[[lock]]\nid = \"room\"\nmodel = \"jit.basic\"\ncount = 150\n" +
		"[[at]]\nt = \"1m\"\ncreate = { id = \"first-*\", lock = \"room-*\", pin = \"4829\", starts = \"+1h\", ends = \"+3h\" }\n" +
		"[[at]]\nt = \"2m\"\ncreate = { id = \"second-*\", lock = \"room-*\", pin = \"7316\", starts = \"+4h\", ends = \"+6h\" }\n" +
		"[[at]]\nt = \"2h\"\ntype = { lock = \"room-007\", code = \"first-007\", opens = true }\n")
	trace := string(play(t, fleet, Options{}).Trace())
	for want, told := range map[string]bool{
		"step     room-001 create first-001":  true, // the first lock of its kind
		"try      room-007 opens first-007":   true, // somebody types there
		"event    device.added front":         true, // another kind
		"step     room-002 create first-002":  false,
		"step     room-001 create second-001": false,
		"#            298  step     create\n": true, // all but two
	} {
		if strings.Contains(trace, want) != told {
			t.Errorf("want %q: %v, in\n%s", want, told, trace)
		}
	}
	other := strings.Replace(fleet, `"+6h"`, `"+6h1s"`, 1)
	if string(play(t, other, Options{}).Trace()) == trace {
		t.Error("a change beyond the sample does not show")
	}
}

func TestFailuresAreBounded(t *testing.T) {
	res := play(t, story("[[lock]]\nid = \"room\"\nmodel = \"jit.keypad\"\ncount = 150\n[[expect]]\nlock = \"room-*\"\nheld = 1\n"), Options{})
	if len(res.Failures) != MaxFailures+1 || res.Failures[MaxFailures].Text != "and 50 more things from here on" {
		t.Errorf("%d failures, the last: %s", len(res.Failures), res.Failures[len(res.Failures)-1].Text)
	}
}
