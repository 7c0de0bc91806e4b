package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// codesCreate makes a code on a door, the same on several, or many from a file.
func codesCreate(s *talk, args []string) error {
	if file := s.text("from-file"); file != "" {
		if len(args) > 0 {
			return badInput("codes create: the doors stand in the file, and %q is one too many", args[0])
		}
		return s.importCodes(file)
	}
	if len(args) == 0 {
		return badInput("codes create needs DEVICE…, or --from-file")
	}
	like := engine.Create{
		Name: s.text("name"), JIT: s.on("jit"), UsePool: s.on("pool"), Holder: s.text("holder"), OneTime: s.on("one-time"), Tell: s.on("reveal"),
	}
	var err error
	if like.PIN, err = s.pin(); err != nil {
		return err
	}
	var doors []lock.DeviceID
	var names []string
	zone := ""
	for i, arg := range args {
		d, err := s.device(arg)
		if err != nil {
			return err
		}
		starts, ends, err := s.window(d.Zone, time.Time{})
		if err != nil {
			return err
		}
		from, to := or(starts), or(ends)
		if from.IsZero() && !to.IsZero() {
			from = s.Now()
		}
		if i > 0 && !(from.Equal(like.Starts) && to.Equal(like.Ends)) && !(s.relative("starts") && s.relative("ends")) {
			return badInput("starts: %s and %s are in different time zones: write the offset, such as 2026-03-28T15:00:00+01:00", args[0], arg)
		}
		if i == 0 {
			like.Starts, like.Ends = from, to
		}
		zone = d.Zone
		doors, names = append(doors, d.ID), append(names, doorOf(d))
	}
	what := "a code on " + listed(names, "and")
	if like.Name != "" {
		what = like.Name + " on " + listed(names, "and")
	}
	if len(doors) == 1 {
		if s.given("own-pins") {
			return badInput("own-pins: is for several doors")
		}
		like.Device = doors[0]
		return s.act(like, deed{"create", "created", what, zone})
	}
	return s.act(engine.CreateMany{Like: like, Devices: doors, OwnPINs: s.on("own-pins")}, deed{"create", "created", what, ""})
}

func doorOf(d engine.DeviceView) string {
	if d.Name == "" {
		return string(d.ID)
	}
	return d.Name
}

// relative reports whether a time means the same in every zone; one that was not given does.
func (s *talk) relative(flag string) bool {
	text := strings.TrimSpace(s.text(flag))
	return text == "" || text == "now" || text[0] == '+' || text[0] == '-'
}

func or(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// request is a line of a file of codes.
type request struct {
	ID     lock.CodeID `json:"access_code_id"`
	Device string      `json:"device_id"`
	Name   string      `json:"name"`
	PIN    string      `json:"code"`
	Starts string      `json:"starts_at"`
	Ends   string      `json:"ends_at"`
	Holder string      `json:"holder"`
	JIT    bool        `json:"jit"`
}

const longestRequest = 64 << 10 // bytes of a line

// importCodes makes a code of each line of a file. Each is a command of its own with a key of its content, so that a file that
// was read halfway can be read again. Lines that are wrong or refused are told at the end, and don't hold up the others.
func (s *talk) importCodes(path string) error {
	in := s.io.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return badInput("from-file: %w", err)
		}
		defer f.Close()
		in = f
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestRequest)
	p := &progress{a: s.app, what: "codes"}
	rows := []receiptRow{}
	var wrong []error
	doors := map[string]engine.DeviceView{}
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		row, err := s.importCode(text, n, doors)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: %w", path, n, err))
			if errors.As(err, new(inputError)) || errors.As(err, new(*engine.Refusal)) {
				continue
			}
			break // the daemon is gone, or the user is
		}
		rows = append(rows, row)
		p.told(len(rows))
	}
	p.done()
	if err := lines.Err(); err != nil {
		return badInput("from-file: %w", err)
	}
	err := list(s.app, rows,
		column[receiptRow]{name: "done", text: func(r receiptRow) string { return r.Done }},
		column[receiptRow]{name: "code", text: func(r receiptRow) string { return listed(ids(r.Codes), "and") }},
		column[receiptRow]{name: "notes", text: func(r receiptRow) string { return strings.Join(r.Notes, "; ") }})
	return errors.Join(err, errors.Join(wrong...))
}

func ids(all []lock.CodeID) []string {
	var out []string
	for _, id := range all {
		out = append(out, string(id))
	}
	return out
}

func (s *talk) importCode(text []byte, n int, doors map[string]engine.DeviceView) (receiptRow, error) {
	var q request
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil {
		return receiptRow{}, badInput("is no request: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return receiptRow{}, badInput("holds more than one request")
	}
	d, known := doors[q.Device]
	if !known {
		var err error
		if d, err = s.device(q.Device); err != nil {
			return receiptRow{}, err
		}
		doors[q.Device] = d
	}
	do := engine.Create{ID: q.ID, Device: d.ID, Name: q.Name, Holder: q.Holder, JIT: q.JIT, Tell: s.on("reveal")}
	var err error
	if q.PIN != "" {
		if do.PIN, err = lock.ParsePIN(q.PIN); err != nil {
			return receiptRow{}, badInput("code: %w", err)
		}
	}
	if q.Starts != "" {
		if do.Starts, err = s.readMoment("starts_at", q.Starts, s.Now(), d.Zone); err != nil {
			return receiptRow{}, err
		}
	}
	if q.Ends != "" {
		base := do.Starts
		if base.IsZero() {
			base = s.Now()
		}
		if do.Ends, err = s.readMoment("ends_at", q.Ends, base, d.Zone); err != nil {
			return receiptRow{}, err
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", n, text))
	key := "file/" + hex.EncodeToString(sum[:16])
	r, err := s.Submit(s.ctx, engine.Command{Actor: s.actor(), Key: key, DryRun: s.on("dry-run"), Do: do})
	what := "a code"
	if q.Name != "" {
		what = q.Name
	}
	return receiptOf(r, s.on("dry-run"), deed{"create", "created", what + " on " + doorOf(d), d.Zone}), err
}
