package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

// journey drives a task of the operator's day and counts its keys. Free text does not count.
type journey struct {
	*harness
	keys int
}

func (j *journey) do(keys ...string) *journey {
	j.keys += len(keys)
	j.press(keys...)
	return j
}

func (j *journey) write(text string) *journey {
	j.press(text)
	return j
}

func (j *journey) within(target int) {
	j.t.Helper()
	if j.keys > target {
		j.t.Errorf("%d keys, more than the %d that the journey may cost", j.keys, target)
	}
}

// demoJourney begins at the home screen of the demonstration, five minutes before a check-in at risk.
func demoJourney(t *testing.T) *journey {
	h := newDemo(t)
	h.press(":", "today", "enter")
	return &journey{harness: h}
}

// saturday begins at the home screen of a small hotel.
func saturday(t *testing.T) *journey { return &journey{harness: newHome(t, smallHotel())} }

// cursor is the code under the cursor of the home screen.
func (j *journey) cursor() engine.CodeView {
	j.t.Helper()
	l, ok := j.m.page().(*codeList)
	if !ok {
		j.t.Fatalf("this is no list of codes:\n%s", j.frame())
	}
	c, ok := l.table.current()
	if !ok {
		j.t.Fatalf("nothing is chosen:\n%s", j.frame())
	}
	return c
}

func TestJ1MorningCheck(t *testing.T) {
	j := demoJourney(t)
	if c := j.cursor(); c.Device != "harbour-12-front" || c.Readiness != engine.ReadyAtRisk {
		t.Errorf("the first row is %s, %s: not what is most urgent", c.Device, c.Readiness)
	}
	j.shows("at risk: the lock is out of reach") // no key at all
	j.do("enter")
	j.shows("arrival", "at risk", "the lock is out of reach")
	j.shows("the hub does not answer")
	j.shows("→ check its power and network")
	j.do("esc")
	j.within(2)
}

func TestJ2TheCodeFailsAndTheGuestIsOnThePhone(t *testing.T) {
	j := demoJourney(t)
	copied := ""
	j.m.clip = func(text string) { copied = text }
	j.do("/").write("dana").do("enter", "b", "y")
	j.within(5)
	j.shows("Backup for Dana B")
	_, digits, _ := strings.Cut(copied, ": ")
	if !strings.HasPrefix(copied, "Harbour 12") || len(digits) < 4 {
		t.Fatalf("copied %q", copied)
	}
	j.shows(digits)
	j.press("enter")
	j.hides(digits)
	j.press("K", digits, "enter")
	j.shows("OPENS") // the guest is in, before the hub is back
	j.press("esc")
	if c := j.cursor(); c.Readiness == engine.ReadyWillFail || c.Readiness == engine.ReadyAtRisk {
		t.Errorf("the guest is still %s: %s\n%s", c.Readiness, c.Cause, j.frame())
	}
	if n := len(j.events("access_code.backup_access_code_pulled")); n != 1 {
		t.Errorf("the backup is recorded %d times", n)
	}
}

// events are those of the journal of that type.
func (h *harness) events(kind string) []engine.Event {
	h.t.Helper()
	all, err := h.m.host.Journal(h.t.Context(), 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	var out []engine.Event
	for len(all) > 0 {
		for _, e := range all {
			if e.Type == kind {
				out = append(out, e)
			}
		}
		if all, err = h.m.host.Journal(h.t.Context(), all[len(all)-1].Seq, 1000); err != nil {
			h.t.Fatal(err)
		}
	}
	return out
}

func TestJ3LateCheckout(t *testing.T) {
	j := demoJourney(t)
	j.do("/").write("rafael").do("enter")
	if c := j.cursor(); !c.Starts.Before(j.m.shell.now) {
		t.Fatalf("the first of that name is not the one who is in: %s starts %v", c.ID, c.Starts)
	}
	ends := j.cursor().Ends
	j.do("+")
	j.shows("end", "+1h")
	j.do("enter")
	j.within(4)
	j.settle()
	if got := j.cursor().Ends; !got.Equal(ends.Add(time.Hour)) {
		t.Errorf("it ends %v, want an hour after %v", got, ends)
	}
}

// A lock that must write the code anew asks for one key more, and says for how long nobody gets in.
func TestJ3LateCheckoutWithAGap(t *testing.T) {
	j := demoJourney(t)
	j.do("/").write("farah").do("enter")
	ends := j.cursor().Ends
	j.do("+")
	j.shows("about 3 s without it")
	j.do("ctrl+g", "enter")
	j.within(5)
	j.settle()
	if got := j.cursor().Ends; !got.Equal(ends.Add(time.Hour)) {
		t.Errorf("it ends %v, want an hour after %v", got, ends)
	}
}

func TestJ4EarlyCheckIn(t *testing.T) {
	j := demoJourney(t)
	j.do("/").write("bruno b seaview").do("enter")
	starts := j.cursor().Starts
	j.do("-")
	j.shows("start", "-1h")
	j.do("enter")
	j.within(4)
	if got := j.cursor().Starts; !got.Equal(starts.Add(-time.Hour)) {
		t.Errorf("it starts %v, want an hour before %v", got, starts)
	}
}

// hotelWhere is the small hotel where Smith leaves so long before Jones comes.
func hotelWhere(t *testing.T, gap time.Duration) (*journey, engine.CodeView) {
	host := smallHotel()
	front := host.codes["front"]
	for i := range front {
		if front[i].ID == "jones" {
			front[i].Starts = front[1].Ends.Add(gap)
		}
	}
	return &journey{harness: newHome(t, host)}, front[1]
}

func TestJ4AnEarlierStartDoesNotMeetTheGuestBefore(t *testing.T) {
	j, before := hotelWhere(t, 30*time.Minute)
	j.do("/").write("jones").do("enter", "-")
	j.shows("Smith is in until then: it is the earliest safe time")
	j.shows("start", "-30m")
	j.do("enter")
	j.within(4)
	if u, ok := j.sent().(engine.Update); !ok || u.Starts == nil || !u.Starts.Equal(before.Ends) {
		t.Errorf("sent %#v, want a start at %v", j.sent(), before.Ends)
	}
}

func TestJ4NoEarlierStartIsSafe(t *testing.T) {
	j, _ := hotelWhere(t, 0)
	j.press("/", "jones", "enter", "-")
	j.shows("Smith is in until then: no earlier start is safe")
	j.shows("→ o lets both in")
	j.press("enter")
	if j.sent() != nil {
		t.Fatalf("sent %#v", j.sent())
	}
	j.press("o")
	j.shows("start", "-1h")
	j.shows("both are in for 1h")
	j.press("o")
	j.shows("no earlier start is safe")
}

func TestTwoGuestsMeetWhereTheOperatorSaysSo(t *testing.T) {
	j := saturday(t)
	j.press("/", "jones", "enter", "-", "-", "-", "-", "-", "o", "enter")
	if u, ok := j.sent().(engine.Update); !ok || u.Starts == nil {
		t.Errorf("sent %#v", j.sent())
	}
}

func TestJ5ACleanerOnEveryDoorOfAHouse(t *testing.T) {
	j := demoJourney(t)
	j.do("n", "c").write("Cleaning").do("up").write("seaview")
	j.shows("doors", "4 doors")
	j.shows("Seaview · 1, Seaview · 2, Seaview · 3, Seaview · 4")
	j.shows("✓ enter does it")
	j.do("enter")
	j.within(7)
	j.shows("✓ created Cleaning on 4 doors")
	s, err := j.m.host.Snapshot(t.Context(), engine.Query{View: engine.ViewCodes, Filter: "cleaning"})
	if err != nil || len(s.Codes) != 4 {
		t.Fatalf("%d codes were made: %v", len(s.Codes), err)
	}
	for _, c := range s.Codes {
		if c.Ends.Sub(c.Starts) != 4*time.Hour || !strings.HasPrefix(string(c.Device), "seaview") {
			t.Errorf("on %s from %s to %s", c.Device, c.Starts, c.Ends)
		}
	}
}

func TestJ5WithoutATemplate(t *testing.T) {
	j := saturday(t)
	j.do(":").write("locks").do("enter", " ", " ", " ", " ", " ", " ", "n", "enter")
	j.shows("New code on 6 doors")
	j.write("Cleaning crew").do("tab", "tab").write("sun 10:00").do("tab").write("+4h").do("enter")
	j.within(14)
	many, ok := j.sent().(engine.CreateMany)
	if !ok || len(many.Devices) != 6 || many.Like.Name != "Cleaning crew" || many.Like.Ends.Sub(many.Like.Starts) != 4*time.Hour {
		t.Errorf("sent %#v", j.sent())
	}
}

func TestJ6ALostCodeIsRevoked(t *testing.T) {
	j := demoJourney(t)
	j.do("/").write("tariq b mill").do("enter")
	c := j.cursor()
	j.do("x", "y")
	j.within(4)
	now := func() engine.CodeView {
		t.Helper()
		s, err := j.m.host.Snapshot(t.Context(), engine.Query{View: engine.ViewCode, Code: c.ID})
		if err != nil {
			t.Fatal(err)
		}
		return s.Codes[0]
	}
	if v := now(); v.Deleted.IsZero() || v.Exposure.Since.IsZero() {
		t.Fatalf("it is not revoked, or nobody says that it still opens: %+v", v)
	}
	j.shows("exposed")            // until the lock has erased it
	j.press("g", "+15m", "enter") // its cloud lists what was so ten minutes before
	j.hides("◆ exposed")
	if v := now(); v.Status != engine.StatusGone || !v.Exposure.Since.IsZero() {
		t.Errorf("a quarter of an hour later it is %s, exposed since %s", v.Status, v.Exposure.Since)
	}
}

func TestJ7TurnoverAtNoon(t *testing.T) {
	j := demoJourney(t)
	j.do(":").write("codes due<18:00").do("enter", "t")
	if l := j.m.page().(*codeList); l.table.total < 2 {
		t.Fatalf("%d codes are due:\n%s", l.table.total, j.frame())
	}
	j.shows("What happens to them")
	j.do("A", "R", "y")
	j.within(6)
	j.shows("✓ looking at")
	if n := len(j.events("command.observe")); n < 2 {
		t.Errorf("%d locks were looked at", n)
	}
	j.shows("→ observe") // in the tail
	j.press("esc", "esc")
	j.hides("What happens to them")
}

func TestADayBeyondTheWeekIsTold(t *testing.T) {
	j := demoJourney(t)
	j.do("/").write("rafael").do("enter")
	j.shows("18 Jun ", "Rafael E")
	j.hides("1…")
	j.shows("Rafael B leaves", "accepted") // and how it is known, where the line is long
}

// Words that say nothing are told in the place of the rows, and nothing else that is on the screen is lost to them.
func TestAMistakeInAFilterIsToldWhereTheRowsWere(t *testing.T) {
	j := demoJourney(t)
	for screen, column := range map[string]string{"codes": "due", "locks": "readiness"} {
		j.do(":").write(screen + " colour:red").do("enter")
		j.shows(`no column "colour"`)
		j.shows(column)
		j.shows("esc takes the words away")
		j.hides("reading")
		j.press("esc")
		j.hides("esc takes the words away")
		j.shows("1 of")
	}
	j.do(":").write("codes due<sat 12:00").do("enter")
	if l := j.m.page().(*codeList); l.wrong != "" || l.table.total < 2 {
		t.Errorf("a day and its time find %d codes: %s\n%s", l.table.total, l.wrong, j.frame())
	}
}

func TestJ8ARoundOfBatteries(t *testing.T) {
	j := saturday(t)
	name, text := "", ""
	j.m.save = func(n string, data []byte) (string, error) {
		name, text = n, string(data)
		return "/exports/" + n, nil
	}
	j.do(":").write("locks sort:risk").do("enter", "A", "o")
	j.within(5)
	j.shows("Route 12 locks at", "sites")
	j.shows("bridge-1", "Cellar", "→ replace the batteries")
	j.shows("bridge-2", "Attic", "→ check the hub: power and network")
	j.press("E")
	j.shows("written to /exports/route.csv")
	if name != "route.csv" || !strings.Contains(text, "bridge-1,Cellar,nuki,9%,reached,replace the batteries,cellar\n") {
		t.Errorf("%s has %q", name, text)
	}
}

// Locks that are found are managed by themselves: the journey begins with the lock that is to be replaced.
func TestJ9ALockIsSwapped(t *testing.T) {
	j := demoJourney(t)
	j.do(":").write("device canal 7 · upper").do("enter", "X")
	j.shows("found by itself")
	j.write("canal 7 · lower").do("enter")
	j.shows("Swap Canal 7")
	j.write("swap").do("enter")
	j.within(8)
	if n := len(j.events("command.swap_device")); n != 1 {
		t.Fatalf("%d swaps on record:\n%s", n, j.frame())
	}
	s, err := j.m.host.Snapshot(t.Context(), engine.Query{View: engine.ViewCodes, Filter: "device:canal-7-lower name:diego", Told: true})
	if err != nil || len(s.Codes) == 0 {
		t.Fatalf("the guest of the old lock is not on the new one: %v", err)
	}
	c := s.Codes[0]
	j.press("g", c.Starts.In(j.m.zone).Add(time.Minute).Format("2006-01-02 15:04"), "enter")
	j.press(":", "device canal 7 · lower", "enter", "K", c.PIN.Reveal(), "enter")
	j.shows("OPENS")
}

func TestJ10WhoEnteredOnSaturday(t *testing.T) {
	j := saturday(t)
	text := ""
	j.m.save = func(n string, data []byte) (string, error) {
		text = string(data)
		return n, nil
	}
	j.do(":").write("events unlocked suite sat").do("enter", "E")
	j.within(3)
	if !strings.Contains(text, "lock.unlocked,suite-1,meyer") || strings.Count(text, "\n") != 2 {
		t.Errorf("exported %q", text)
	}
	j.press("esc", ":", "events unlocked suite fri", "enter")
	j.shows("nothing happened")
}

// Whoever mis-keys breaks nothing: from every screen every single key, and then enter, leaves all codes wished as they were.
func TestNoSingleKeyErasesAnything(t *testing.T) {
	places := map[string][]string{
		"today": {":", "today", "enter"}, "fleet": {":", "fleet", "enter"}, "device": {":", "device front", "enter"}, "slots": {":", "device front", "enter", "tab", "end"},
		"code": {":", "code smith", "enter"}, "codes": {":", "codes", "enter"}, "journal": {":", "journal", "enter"}, "timeline": {":", "timeline", "enter"},
		"marked": {":", "codes", "enter", "A"},
	}
	keys := strings.Split("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-=/:;.,<>?![]{}()*&^%$#@~'\"\\|_`", "")
	keys = append(keys, "enter", " ", "tab", "delete", "backspace", "ctrl+r", "ctrl+u")
	for place, there := range places {
		for _, k := range keys {
			h := newHome(t, smallHotel())
			h.press(there...)
			h.press(k, "enter")
			for _, c := range h.host.submitted {
				if c.DryRun {
					continue
				}
				switch do := c.Do.(type) {
				case engine.Observe, engine.SetPool, engine.Reveal:
				case engine.Update:
					if k != "+" && k != "-" && k != "=" && k != "m" { // these show what enter applies, and can be undone
						t.Errorf("%s: %q and enter sent %#v", place, k, do)
					}
				case engine.Create:
					if k != "n" {
						t.Errorf("%s: %q and enter sent %#v", place, k, do)
					}
				default:
					t.Errorf("%s: %q and enter sent %#v", place, k, do)
				}
			}
		}
	}
}

func TestWhatMustBeTypedGrowsWithTheDoors(t *testing.T) {
	h := newHome(t, smallHotel())
	h.press(":", "codes", "enter", "A", "x")
	h.shows("type revoke")
	h.press("y", "enter")
	if h.sent() != nil {
		t.Fatalf("y and enter revoked: %#v", h.sent())
	}
	for i, want := range map[[2]int]string{{1, 1}: "", {3, 1}: "3", {5, 4}: "revoke 5", {40, 12}: "revoke 40 on 12 doors"} {
		if got := revokePhrase(i[0], i[1]); got != want {
			t.Errorf("%d codes on %d doors ask for %q, want %q", i[0], i[1], got, want)
		}
	}
}

func TestMarkedCodesAreRevokedTogether(t *testing.T) {
	h := newHome(t, smallHotel())
	h.press(":", "codes", "enter", "/", "front", "enter", " ", " ", "x")
	h.shows("Revoke 2 codes on 1 door")
	h.press("2", "enter")
	h.shows("✓ revoked 2 codes")
	n := 0
	for _, c := range h.host.submitted {
		if _, ok := c.Do.(engine.Delete); ok && !c.DryRun {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d codes were revoked", n)
	}
}

func TestTheDemonstrationCanAlsoBeHealed(t *testing.T) {
	j := demoJourney(t)
	j.press("F", "tab")
	j.shows("offline", "x heals it")
	j.press("x", "esc", "r")
	j.press("g", "+4m", "enter")
	if c := j.cursor(); c.Device == "harbour-12-front" && c.Readiness == engine.ReadyAtRisk {
		t.Errorf("healed five minutes ahead, and still at risk: %+v", c)
	}
}
