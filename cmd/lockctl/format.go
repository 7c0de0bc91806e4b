package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"github.com/accesscodes/lockctl/lock"
)

// formats are the ways in which every verb can print.
func formats() []string { return []string{"table", "json", "jsonl", "csv"} }

// format is the one that was asked for.
func (a *app) format() string { return cmp.Or(a.text("output"), "table") }

// tone is the colour of a word.
type tone string

// The tones, as terminals call them.
const (
	plainly tone = ""
	fine    tone = "32"
	poor    tone = "33"
	wrong   tone = "31"
	faint   tone = "2"
)

// paint colours a text where somebody looks at it who wants colours.
func (a *app) paint(t tone, text string) string {
	if t == plainly || text == "" || a.env.get("NO_COLOR") != "" || a.env.get("TERM") == "dumb" || a.width() == 0 {
		return text
	}
	return "\x1b[" + string(t) + "m" + text + "\x1b[0m"
}

// width is how many cells a line of the terminal has; 0: the output goes elsewhere.
func (a *app) width() int {
	f, ok := a.io.out.(*os.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return 0
	}
	w, _, err := term.GetSize(f.Fd())
	if err != nil || w <= 0 {
		return 80
	}
	return w
}

// list prints rows: for people as a table, for programs everything that the rows have.
func list[T any](a *app, rows []T, columns ...column[T]) error {
	switch a.format() {
	case "table":
		return printTable(a, rows, columns)
	case "json":
		if rows == nil {
			rows = []T{}
		}
		return a.printJSON(rows)
	}
	return printEach(a, rows)
}

// show prints one thing, for people as sentences.
func show[T any](a *app, v T, tell func()) error {
	switch a.format() {
	case "table":
		tell()
		return a.broke
	case "json":
		return a.printJSON(v)
	}
	return printEach(a, []T{v})
}

// say prints a line for people. What came from elsewhere can't steer the terminal.
// would says what a dry run stands for.
func (a *app) would(do string) error {
	a.say("would %s", do)
	return nil
}

func (a *app) say(format string, args ...any) {
	if a.broke == nil {
		_, a.broke = fmt.Fprintf(a.io.out, format+"\n", args...)
	}
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.io.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printEach prints a line per row: as JSON, or as CSV with a line of names before them.
func printEach[T any](a *app, rows []T) error {
	if a.format() == "jsonl" {
		enc := json.NewEncoder(a.io.out)
		enc.SetEscapeHTML(false)
		for i := range rows {
			if err := enc.Encode(rows[i]); err != nil {
				return err
			}
		}
		return nil
	}
	w := csv.NewWriter(a.io.out)
	var zero T
	names, _, err := cells(reflect.ValueOf(&zero).Elem())
	if err != nil {
		return err
	}
	if err := w.Write(names); err != nil {
		return err
	}
	for i := range rows {
		_, line, err := cells(reflect.ValueOf(&rows[i]).Elem())
		if err != nil {
			return err
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// cells are the names and values of a row, as its JSON has them; what is more than a word stands as JSON.
func cells(row reflect.Value) (names, values []string, err error) {
	for i := range row.NumField() {
		f := row.Type().Field(i)
		if f.Anonymous {
			n, v, err := cells(row.Field(i))
			if err != nil {
				return nil, nil, err
			}
			names, values = append(names, n...), append(values, v...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		text, err := cell(row.Field(i))
		if err != nil {
			return nil, nil, err
		}
		names, values = append(names, name), append(values, text)
	}
	return names, values, nil
}

func cell(v reflect.Value) (string, error) {
	if words, ok := v.Interface().([]string); ok {
		return harmless(strings.Join(words, "; ")), nil
	}
	raw, err := json.Marshal(v.Interface())
	if err != nil {
		return "", err
	}
	if raw[0] == '"' {
		var text string
		err := json.Unmarshal(raw, &text)
		return harmless(text), err
	}
	if s := string(raw); s != "null" && s != "[]" {
		return s, nil
	}
	return "", nil
}

// harmless keeps a spreadsheet from taking a name for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// clean takes what could steer a terminal out of a text that came from elsewhere.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
			return '\ufffd'
		}
		return r
	}, text)
}

// at is an instant for programs; nil: there is none.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// clock is an instant for people, in the zone of a door, or in the reader's where that is not known. The year is told only if
// it is another than now's.
func clock(t, now time.Time, zone string) string {
	if t.IsZero() {
		return "-"
	}
	t = t.In(zoneOf(zone))
	if t.Year() != now.In(t.Location()).Year() {
		return t.Format("2 Jan 2006 15:04")
	}
	return t.Format("2 Jan 15:04")
}

func zoneOf(name string) *time.Location {
	zone, err := lock.LoadZone(name)
	if err != nil {
		return time.Local
	}
	return zone
}

// span is a length of time in one or two units.
func span(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 24*time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%dh %dm", int(d.Hours()), int(d.Minutes())%60), " 0m")
	case d < 10*24*time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%dd %dh", int(d.Hours())/24, int(d.Hours())%24), " 0h")
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}

// ago tells when an instant is, seen from now.
func ago(t, now time.Time) string {
	switch d := t.Sub(now); {
	case t.IsZero():
		return "-"
	case d.Abs() < time.Second:
		return "now"
	case d > 0:
		return "in " + span(d)
	default:
		return span(d) + " ago"
	}
}

// words is a name of the engine as people read it.
func words[S ~string](s S) string { return strings.ReplaceAll(string(s), "_", " ") }

// listed joins words as a sentence does.
func listed(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// checkFormat refuses a format that there is not.
func (a *app) checkFormat() error {
	if f := a.verb.Flags().Lookup("output"); f != nil && !slices.Contains(formats(), f.Value.String()) {
		return badInput("output: %q is none of %s", clipped(f.Value.String()), listed(formats(), "and"))
	}
	return nil
}
