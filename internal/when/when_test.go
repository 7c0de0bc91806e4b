package when

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/accesscodes/lockctl/lock"
)

func TestParse(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 27, 14, 30, 0, 0, berlin) // a Friday, two days before clocks go forward
	base := now.Add(time.Hour)
	for _, c := range []struct{ text, want string }{
		{"now", "2026-03-27 14:30 CET"},
		{"+2h", "2026-03-27 17:30 CET"},
		{"-30m", "2026-03-27 15:00 CET"},
		{"+1d12h", "2026-03-29 04:30 CEST"},
		{"+1w", "2026-04-03 16:30 CEST"},
		{"15:00", "2026-03-27 15:00 CET"},
		{"14:30", "2026-03-28 14:30 CET"},
		{"9:05", "2026-03-28 09:05 CET"},
		{"3pm", "2026-03-27 15:00 CET"},
		{"12:15am", "2026-03-28 00:15 CET"},
		{"11h", "2026-03-28 11:00 CET"},
		{"fri 15:00", "2026-03-27 15:00 CET"},
		{"FRI 11:00", "2026-04-03 11:00 CEST"},
		{"sunday 11:00", "2026-03-29 11:00 CEST"},
		{"sun", "2026-03-29 00:00 CET"},
		{"today 23:59", "2026-03-27 23:59 CET"},
		{"tomorrow 11:00", "2026-03-28 11:00 CET"},
		{"2026-04-01", "2026-04-01 00:00 CEST"},
		{"2026-04-01 08:00", "2026-04-01 08:00 CEST"},
		{"2026-04-01T08:00", "2026-04-01 08:00 CEST"},
		{"2026-04-01T08:00:00Z", "2026-04-01 10:00 CEST"},
		{"2026-10-25T02:30:00+02:00", "2026-10-25 02:30 CEST"},
		{"2026-10-25T02:30:00+01:00", "2026-10-25 02:30 CET"},
	} {
		got, err := Parse(c.text, now, base, berlin)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		} else if s := got.In(berlin).Format("2006-01-02 15:04 MST"); s != c.want {
			t.Errorf("%q is %s, want %s", c.text, s, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 27, 14, 30, 0, 0, berlin)
	for text, says := range map[string]string{
		"":                                    "not a time",
		"soon":                                "not a time",
		"5":                                   "not a time",
		"fr 15:00":                            "not a time",
		"25:00":                               "not a time of day",
		"fri 15":                              "not a time of day",
		"fri 13pm":                            "not a time of day",
		"sun 02:30":                           "clocks go forward",
		"2026-10-25 02:30":                    "happens twice on that day: write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00",
		"fri 5:+5":                            "not a time of day",
		"fri +5:00":                           "not a time of day",
		"+1h" + strings.Repeat(" ", 80) + "+": "not a time",
		"+2":                                  "not a length of time",
		"+h":                                  "not a length of time",
		"+900000w":                            "ten years",
		"fri 15:00 please":                    "not a time",
	} {
		if got, err := Parse(text, now, now, berlin); err == nil {
			t.Errorf("%q was read as %v", text, got)
		} else if !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %q does not say %q", text, err, says)
		}
	}
}

// zones is every name that the IANA publishes.
func zones(t testing.TB) []string {
	t.Helper()
	names, err := os.ReadFile("../../lock/testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(names))
}

// Whatever is typed, wherever and whenever: a moment, or one short sentence. What clocks show once is read as it is written,
// and what they never show or show twice is refused, not guessed.
func FuzzParse(f *testing.F) {
	names := zones(f)
	clock := regexp.MustCompile(`(?:^|\s)(\d{1,2}):(\d\d)$`)
	f.Fuzz(func(t *testing.T, text string, which uint16, minute uint32) {
		zone, err := time.LoadLocation(names[int(which)%len(names)])
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(minute%(10*366*24*60)) * time.Minute).In(zone)
		got, err := Parse(text, now, now, zone)
		switch said := clock.FindStringSubmatch(text); {
		case err != nil:
			if s := err.Error(); s == "" || len(s) > 200 || strings.ContainsAny(s, "\n\r") || !got.IsZero() {
				t.Errorf("%q: %v and %q", text, got, s)
			}
		case got.IsZero() && !strings.HasPrefix(strings.TrimSpace(text), "0001"):
			t.Errorf("%q gives the zero time without an error", text)
		case said != nil && got.Format("15:04") != fmt.Sprintf("%02s:%s", said[1], said[2]):
			t.Errorf("%q at %v is %v", text, now, got)
		case said != nil && said[0] == text && !(got.After(now) && got.Sub(now) <= 50*time.Hour):
			t.Errorf("%q at %v is %v, not the next", text, now, got)
		}
		written := Format(now, zone)
		if again, err := Parse(written, time.Time{}, time.Time{}, zone); err != nil || !again.Equal(now) {
			t.Errorf("%v is written %q and read as %v, %v", now, written, again, err)
		}
		_, note := lock.Resolve(zone, now.Year(), now.Month(), now.Day(), now.Hour(), now.Minute(), 0)
		wall := now.Format("2006-01-02 15:04")
		if _, err := Parse(wall, now, now, zone); (err != nil) != (note != "") {
			t.Errorf("%s in %s (%s): %v", wall, zone, note, err)
		}
	})
}
