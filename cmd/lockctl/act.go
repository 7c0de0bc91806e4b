package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/when"
	"github.com/accesscodes/lockctl/lock"
)

// deed is what a command does, for people: "revoke", "revoked", "Ada at Front door", and the zone of that door; "": several.
type deed struct{ do, did, what, zone string }

// receiptRow is what came of a command.
type receiptRow struct {
	Done     string        `json:"done"`
	DryRun   bool          `json:"is_dry_run"`
	Receipt  engine.Seq    `json:"receipt"` // lockctl undo takes it; 0 of a dry run
	At       time.Time     `json:"at"`
	Codes    []lock.CodeID `json:"access_code_ids"`
	PINs     []string      `json:"codes"` // digits, in the order of the codes, where they were asked for
	Backup   lock.CodeID   `json:"backup_access_code_id"`
	Notes    []string      `json:"notes"`
	Plan     []momentRow   `json:"plan"` // of a dry run
	Undoable bool          `json:"is_undoable"`
}

func receiptOf(r engine.Receipt, dry bool, d deed) receiptRow {
	row := receiptRow{
		Done: d.did + " " + d.what, DryRun: dry, Receipt: r.Seq, At: r.At.UTC(), Codes: r.Codes, PINs: []string{}, Backup: r.Backup, Notes: r.Notes,
		Plan: lineOf(r.Plan), Undoable: r.Undoable,
	}
	if dry {
		row.Done = "would " + d.do + " " + d.what
	}
	if row.Codes == nil {
		row.Codes = []lock.CodeID{}
	}
	if row.Notes == nil {
		row.Notes = []string{}
	}
	for _, p := range r.PINs {
		row.PINs = append(row.PINs, p.Reveal())
	}
	return row
}

// act gives the engine a command, or with --dry-run asks what it would do, and says what came of it. A command whose verb has
// --yes is asked about first.
func (s *talk) act(do engine.Action, d deed) error {
	if s.verb.Flags().Lookup("yes") != nil && !s.on("yes") && !s.on("dry-run") {
		if err := s.confirm(do, d); err != nil {
			return err
		}
	}
	r, err := s.Submit(s.ctx, engine.Command{Actor: s.actor(), DryRun: s.on("dry-run"), Do: do})
	if err != nil {
		return err
	}
	row := receiptOf(r, s.on("dry-run"), d)
	return show(s.app, row, func() { s.tellReceipt(row, r.Plan, d.zone) })
}

func (s *talk) tellReceipt(r receiptRow, plan []engine.Moment, zone string) {
	s.say("%s", clean(r.Done))
	for i, id := range r.Codes {
		line := "  code " + string(id)
		if i < len(r.PINs) {
			line += ", PIN " + r.PINs[i]
		}
		if !r.DryRun { // which draws an id that is gone with it
			s.say("%s", line)
		}
	}
	if r.Backup != "" {
		s.say("  backup %s; lockctl codes reveal tells its digits", r.Backup)
	}
	for _, n := range r.Notes {
		s.say("  note: %s", clean(n))
	}
	s.tellLine(plan, s.Now(), zone)
	if r.Undoable && r.Receipt > 0 {
		s.say("  lockctl undo %d takes it back", r.Receipt)
	}
}

// confirm shows what would happen and asks. Without a terminal there is nobody to ask.
func (s *talk) confirm(do engine.Action, d deed) error {
	in, ok := s.io.in.(*os.File)
	if !ok || !term.IsTerminal(in.Fd()) {
		return badInput("%s asks before it acts, and nobody is there to answer: give --yes, or --dry-run to see what would happen", s.name())
	}
	r, err := s.Submit(s.ctx, engine.Command{Actor: s.actor(), DryRun: true, Do: do})
	if err != nil {
		return err
	}
	for _, n := range r.Notes {
		fmt.Fprintf(s.io.err, "note: %s\n", clean(n))
	}
	fmt.Fprintf(s.io.err, "%s %s? [y/N] ", strings.ToUpper(d.do[:1])+d.do[1:], clean(d.what))
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return refused("cancelled, nothing was changed")
	}
	return nil
}

// name is the verb that runs, as it is typed.
func (a *app) name() string { return strings.TrimPrefix(a.verb.CommandPath(), "lockctl ") }

// given reports whether an option was given.
func (a *app) given(flag string) bool { return a.verb.Flags().Changed(flag) }

// moment reads an option that is a time; nil: it was not given. Lengths (+2h) count from base.
func (s *talk) moment(flag string, base time.Time, zone string) (*time.Time, error) {
	if !s.given(flag) {
		return nil, nil
	}
	t, err := s.readMoment(flag, s.text(flag), base, zone)
	return &t, err
}

func (s *talk) readMoment(field, text string, base time.Time, zone string) (time.Time, error) {
	t, err := when.Parse(text, s.Now(), base, zoneOf(zone))
	if err != nil {
		return t, badInput("%s: %q: %w", field, clipped(text), err)
	}
	return t, nil
}

// window reads --starts and --ends. Lengths count from now, and those of the end from the start where there is one.
func (s *talk) window(zone string, start time.Time) (starts, ends *time.Time, err error) {
	now := s.Now()
	if starts, err = s.moment("starts", now, zone); err != nil {
		return nil, nil, err
	}
	base := start
	if starts != nil {
		base = *starts
	}
	if base.IsZero() {
		base = now
	}
	ends, err = s.moment("ends", base, zone)
	return starts, ends, err
}

// pin reads the PIN of --pin-file, or from standard input; zero: none was given. It is never an argument, which other users
// of the machine could see.
func (s *talk) pin() (lock.PIN, error) {
	path := s.text("pin-file")
	if path == "" {
		return lock.PIN{}, nil
	}
	in := s.io.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return lock.PIN{}, badInput("pin-file: %w", err)
		}
		defer f.Close()
		in = f
	}
	line, err := bufio.NewReader(io.LimitReader(in, 100)).ReadString('\n')
	if err != nil && err != io.EOF {
		return lock.PIN{}, badInput("pin-file: %w", err)
	}
	pin, err := lock.ParsePIN(strings.TrimSpace(line))
	if err != nil {
		return pin, badInput("pin-file: %w", err)
	}
	return pin, nil
}
