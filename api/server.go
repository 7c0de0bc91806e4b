package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/sim/lab"
)

// Options say what a Server serves.
type Options struct {
	Host      engine.Host
	Lab       lab.Lab // nil: the host is no simulation
	Keys      *Keys
	Records   store.Store     // where webhooks are kept
	Clock     clockwork.Clock // the world's, also where the host's is a simulation's
	Workspace Workspace
	Unlimited bool // without the documented limits per device
	Log       *slog.Logger
	Random    io.Reader // for ids and keys
}

// Workspace is what an installation calls itself.
type Workspace struct{ ID, Name string }

// Server answers requests. It is safe for concurrent use.
type Server struct {
	host   engine.Host
	lab    lab.Lab
	keys   *Keys
	hooks  *hooks
	clock  clockwork.Clock
	space  Workspace
	paces  *paces // nil: unlimited
	log    *slog.Logger
	random io.Reader
	rows   map[string]*endpoint
	feeds  map[string]stream
	over   <-chan struct{} // closed when streams have to end
}

// New makes a server, whose streams end with ctx. It fails if what is kept of webhooks can't be read.
func New(ctx context.Context, o Options) (*Server, error) {
	hooks, err := openHooks(ctx, o.Records)
	if err != nil {
		return nil, err
	}
	s := &Server{host: o.Host, lab: o.Lab, keys: o.Keys, hooks: hooks, clock: o.Clock, space: o.Workspace, log: o.Log, random: o.Random, rows: map[string]*endpoint{}, feeds: streams(), over: ctx.Done()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if !o.Unlimited {
		s.paces = newPaces()
	}
	for _, e := range endpoints() {
		if !e.lab || s.lab != nil {
			s.rows[e.path] = &e
		}
	}
	return s, nil
}

// Keyed serves requests that bring an API key.
func (s *Server) Keyed() http.Handler { return s.handler(s.byKey) }

// Local serves requests of the machine's owner, over a socket that nobody else can open: no key is asked for.
func (s *Server) Local() http.Handler {
	return s.handler(func(*http.Request) (Identity, error) { return Identity{Name: "local", Local: true}, nil })
}

// byKey tells who a request comes from by its bearer token.
func (s *Server) byKey(r *http.Request) (Identity, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return Identity{}, problem(http.StatusUnauthorized, "unauthorized", "an API key is missing: Authorization: Bearer seam_…")
	}
	who, ok := s.keys.check(strings.TrimSpace(token))
	if !ok {
		return Identity{}, problem(http.StatusUnauthorized, "unauthorized", "this API key is not known here, or was revoked")
	}
	return who, nil
}

func (s *Server) handler(auth func(*http.Request) (Identity, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := s.newID()
		w.Header().Set("seam-request-id", id)
		defer func() {
			if v := recover(); v != nil {
				s.log.Error("a request panicked", "request", id, "path", r.URL.Path, "panic", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
				s.fail(w, problem(http.StatusInternalServerError, "internal_error", "something went wrong here; the log has it under "+id))
			}
		}()
		if row, ok := s.feeds[r.URL.Path]; ok {
			s.stream(w, r, row, auth)
			return
		}
		if r.URL.Path == "/openapi.json" { // for everybody: it says what is served, and nothing of what is kept
			s.write(w, http.StatusOK, s.openapi())
			return
		}
		answer, err := s.answer(w, r, auth)
		if err != nil {
			var p *Problem
			if !errors.As(err, &p) {
				p = s.unexpected(id, r, err)
			}
			s.fail(w, p)
			return
		}
		answer["ok"] = true
		s.write(w, http.StatusOK, answer)
	})
}

// answer finds the row of a request and has it done.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, auth func(*http.Request) (Identity, error)) (reply, error) {
	row := s.rows[strings.TrimSuffix(r.URL.Path, "/")]
	if row == nil {
		return nil, problem(http.StatusNotFound, "not_found", "nothing is served at "+strconv.Quote(clip(r.URL.Path)))
	}
	who, err := auth(r)
	switch {
	case err != nil:
		return nil, err
	case !slices.Contains(row.verbs, r.Method):
		w.Header().Set("Allow", strings.Join(row.verbs, ", "))
		return nil, problem(http.StatusMethodNotAllowed, "method_not_allowed", row.path+" takes "+strings.Join(row.verbs, ", "))
	case !who.May(row.scope):
		return nil, problem(http.StatusForbidden, "forbidden", "this API key lacks the scope "+string(row.scope))
	}
	in, err := read(r, row.takes)
	if err != nil {
		return nil, err
	}
	key, err := named(r, who)
	if err != nil {
		return nil, err
	}
	return row.do(&call{Server: s, ctx: r.Context(), now: s.host.Now(), who: who, row: row, verb: r.Method, home: homeOf(r, who), key: key, in: in}, in)
}

// homeOf is the address by which a caller has come here.
func homeOf(r *http.Request, who Identity) string {
	switch {
	case who.Local || r.Host == "":
		return ""
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// unexpected is an error that no caller can help.
func (s *Server) unexpected(id string, r *http.Request, err error) *Problem {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return problem(http.StatusServiceUnavailable, "busy", "the request took too long")
	}
	s.log.Error("a request failed", "request", id, "path", r.URL.Path, "err", err)
	return problem(http.StatusServiceUnavailable, "unavailable", "the engine can't answer now; the log has the reason under "+id)
}

func (s *Server) fail(w http.ResponseWriter, p *Problem) {
	if p.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((p.after+time.Second-1)/time.Second)))
	}
	s.write(w, p.Status, map[string]any{"error": p.body(), "ok": false})
}

func (s *Server) write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.Debug("an answer was not taken", "err", err)
	}
}

// newID draws the id of a request.
func (s *Server) newID() string {
	raw := make([]byte, 10)
	if _, err := io.ReadFull(s.random, raw); err != nil {
		return "unknown" // an id is no reason to refuse a request
	}
	return letters.EncodeToString(raw)
}

// clip bounds what a caller sent before it is said back.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
