package when

import (
	"strings"
	"testing"
	"time"
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
		{"2026-10-25 02:30", "2026-10-25 02:30 CEST"},
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
		"":                 "not a time",
		"soon":             "not a time",
		"5":                "not a time",
		"fr 15:00":         "not a time",
		"25:00":            "not a time of day",
		"fri 15":           "not a time of day",
		"fri 13pm":         "not a time of day",
		"sun 02:30":        "clocks go forward",
		"+2":               "not a length of time",
		"+h":               "not a length of time",
		"+900000w":         "ten years",
		"fri 15:00 please": "not a time",
	} {
		if got, err := Parse(text, now, now, berlin); err == nil {
			t.Errorf("%q was read as %v", text, got)
		} else if !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %q does not say %q", text, err, says)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("fri 15:00")
	f.Add("+1d12h")
	f.Fuzz(func(t *testing.T, text string) {
		now := time.Date(2026, 3, 27, 14, 30, 0, 0, time.UTC)
		got, err := Parse(text, now, now, time.UTC)
		if err == nil && got.IsZero() {
			t.Errorf("%q gives the zero time without an error", text)
		}
	})
}
