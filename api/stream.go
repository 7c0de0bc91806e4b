package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

// Streams are answers without an end, as server-sent events: they go on until the reader goes, or the server.

// stream is a row of what is served that way.
type stream struct {
	about  string
	params []any // as OpenAPI has them; nil: none
	serve  func(*Server, *feed, *http.Request) error
}

func streams() map[string]stream {
	return map[string]stream{
		"/v1/bell": {"Rings after each commit, and tells the host's time.", nil, (*Server).bell},
		"/v1/journal/stream": {"Tells the journal as it is written, from a line on.", []any{
			map[string]any{"name": "after", "in": "query", "schema": map[string]any{"type": "integer"}, "description": "only lines after this sequence number; now: only what is to come"},
			map[string]any{"name": lastEventID, "in": "header", "schema": map[string]any{"type": "integer"}, "description": "the same, as a reader sends it that comes back"},
		}, (*Server).journal},
	}
}

const (
	pulse       = 250 * time.Millisecond // how often a reader of the bell learns the host's time although nothing happens
	streamRest  = 15 * time.Second       // a remark shows that a stream lives, after so long without a line
	streamTake  = 30 * time.Second       // a reader that takes nothing for so long is let go
	streamPage  = 200                    // lines of the journal that are read at once
	lastEventID = "Last-Event-ID"
)

// feed writes a stream to its reader.
type feed struct {
	s    *Server
	w    http.ResponseWriter
	flow *http.ResponseController
}

// open sends the head of the answer. What comes before it may still be answered with a Problem.
func (f *feed) open() error {
	f.w.Header().Set("Content-Type", eventStream)
	f.w.Header().Set("Cache-Control", "no-store")
	f.w.WriteHeader(http.StatusOK)
	return f.flow.Flush()
}

// put writes a piece and has it sent, within a bound: a reader that takes nothing must not hold anything.
func (f *feed) put(format string, args ...any) error {
	if err := f.flow.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	late := f.s.clock.AfterFunc(streamTake, func() { _ = f.flow.SetWriteDeadline(time.Unix(0, 1)) })
	defer late.Stop()
	if _, err := fmt.Fprintf(f.w, format, args...); err != nil {
		return err
	}
	return f.flow.Flush()
}

// stream answers a request for a stream.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, row stream, auth func(*http.Request) (Identity, error)) {
	who, err := auth(r)
	switch {
	case err != nil:
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		err = problem(http.StatusMethodNotAllowed, "method_not_allowed", r.URL.Path+" takes GET")
	case !who.May(ScopeRead):
		err = problem(http.StatusForbidden, "forbidden", "this API key lacks the scope "+string(ScopeRead))
	default:
		err = row.serve(s, &feed{s, w, http.NewResponseController(w)}, r)
	}
	var p *Problem
	switch {
	case errors.As(err, &p):
		s.fail(w, p)
	case err != nil:
		s.log.Debug("a stream ended", "path", r.URL.Path, "err", err)
	}
}

// bell tells the host's time, at each commit and in between.
func (s *Server) bell(f *feed, r *http.Request) error {
	if err := f.open(); err != nil {
		return err
	}
	bell := s.host.Bell(r.Context())
	tick := s.clock.NewTicker(pulse)
	defer tick.Stop()
	for word := "ring"; ; {
		at, err := json.Marshal(s.host.Now())
		if err != nil {
			return err
		}
		if err := f.put("event: %s\ndata: %s\n\n", word, at); err != nil {
			return err
		}
		select {
		case <-s.over:
			return nil
		case <-r.Context().Done():
			return nil
		case _, open := <-bell:
			if word = "ring"; !open {
				return nil
			}
		case <-tick.Chan():
			word = "tick"
		}
	}
}

// journal tells the lines of the journal, each under its sequence number, so that a reader who was cut off goes on behind the
// last line that came. Lines that the journal has forgotten are left out, as everywhere.
func (s *Server) journal(f *feed, r *http.Request) error {
	after, err := s.journalFrom(r)
	if err != nil {
		return err
	}
	bell := s.host.Bell(r.Context())
	lines, err := s.host.Journal(r.Context(), after, streamPage)
	if err != nil {
		return asProblem(err)
	}
	if err := f.open(); err != nil {
		return err
	}
	rest := s.clock.NewTicker(streamRest)
	defer rest.Stop()
	for {
		var page bytes.Buffer
		for i := range lines {
			after = lines[i].Seq
			text, err := json.Marshal(lines[i])
			if err != nil {
				return err
			}
			fmt.Fprintf(&page, "id: %d\nevent: %s\ndata: %s\n\n", after, lines[i].Type, text)
		}
		if len(lines) > 0 {
			if err := f.put("%s", page.Bytes()); err != nil {
				return err
			}
		} else {
			select {
			case <-s.over:
				return nil
			case <-r.Context().Done():
				return nil
			case _, open := <-bell:
				if !open {
					return nil
				}
			case <-rest.Chan():
				if err := f.put(": nothing new\n\n"); err != nil {
					return err
				}
			}
		}
		if lines, err = s.host.Journal(r.Context(), after, streamPage); err != nil {
			return err
		}
	}
}

// journalFrom is the line after which a reader wants the journal.
func (s *Server) journalFrom(r *http.Request) (engine.Seq, error) {
	name, text := lastEventID, r.Header.Get(lastEventID)
	if text == "" {
		name, text = "after", r.URL.Query().Get("after")
	}
	switch text {
	case "":
		return 0, nil
	case "now":
		now, err := s.host.Snapshot(r.Context(), engine.Query{View: engine.ViewFleet, Limit: 1})
		return now.Seq, asProblem(err)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, invalid(mistake{name, "must be a sequence number, or now"})
	}
	return engine.Seq(n), nil
}
