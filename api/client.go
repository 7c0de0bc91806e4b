package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

// Client is the host of another lockctl: an engine.Host, and, if that one is a simulation, a lab.Lab by Lab. It is safe for
// concurrent use.
type Client struct {
	base  string // "http://lockctl", or "https://host:port"
	key   string // "": none is needed
	http  *http.Client
	clock clockwork.Clock

	mu  sync.Mutex
	now time.Time // of the host, when it last told
}

var _ engine.Host = (*Client)(nil)

// NewClient makes a client and asks nothing yet. key is the token of an API key; "" on the daemon's own socket.
func NewClient(base, key string, client *http.Client, clock clockwork.Clock) *Client {
	return &Client{base: base, key: key, http: client, clock: clock}
}

// Dial makes a client and asks the host for its time.
func Dial(ctx context.Context, base, key string, client *http.Client, clock clockwork.Clock) (*Client, error) {
	c := NewClient(base, key, client, clock)
	_, err := c.Snapshot(ctx, engine.Query{View: engine.ViewFleet, Limit: 1})
	return c, err
}

// Now is the host's time as it was last told. It stands still when the host is no longer heard.
func (c *Client) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *Client) hear(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Submit implements engine.Host.
func (c *Client) Submit(ctx context.Context, do engine.Command) (engine.Receipt, error) {
	packed, err := pack(do)
	if err != nil {
		return engine.Receipt{}, err
	}
	var got struct{ Receipt wireReceipt }
	err = c.Ask(ctx, "/v1/submit", map[string]any{"command": packed}, &got)
	return got.Receipt.unpack(), err
}

// Snapshot implements engine.Host.
func (c *Client) Snapshot(ctx context.Context, q engine.Query) (engine.Snapshot, error) {
	var got struct{ Snapshot wireSnapshot }
	if err := c.Ask(ctx, "/v1/snapshot", map[string]any{"query": q}, &got); err != nil {
		return engine.Snapshot{}, err
	}
	c.hear(got.Snapshot.Now)
	return got.Snapshot.unpack(), nil
}

// Journal implements engine.Host.
func (c *Client) Journal(ctx context.Context, after engine.Seq, limit int) ([]engine.Event, error) {
	var got struct{ Events []engine.Event }
	err := c.Ask(ctx, "/v1/journal", map[string]any{"after": after, "limit": limit}, &got)
	return got.Events, err
}

// again is how long a broken stream rests before it is asked for anew.
const again = time.Second

// Bell implements engine.Host. A stream that breaks is taken up again, and rings.
func (c *Client) Bell(ctx context.Context) <-chan struct{} {
	bell := make(chan struct{}, 1)
	go func() {
		defer close(bell)
		for ctx.Err() == nil {
			c.listen(ctx, bell)
			select {
			case <-ctx.Done():
			case <-c.clock.After(again):
			}
		}
	}()
	return bell
}

// listen follows one stream to its end.
func (c *Client) listen(ctx context.Context, bell chan<- struct{}) {
	req, err := c.request(ctx, http.MethodGet, "/v1/bell", nil)
	if err != nil {
		return
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return
	}
	lines := bufio.NewScanner(resp.Body)
	for rings := false; lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), ": ")
		switch word {
		case "event":
			rings = rest == "ring"
		case "data":
			var now time.Time
			if json.Unmarshal([]byte(rest), &now) == nil {
				c.hear(now)
			}
			if rings {
				select {
				case bell <- struct{}{}:
				default:
				}
			}
		}
	}
}

func (c *Client) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	return req, nil
}

// maxReply bounds an answer, in bytes.
const maxReply = 256 << 20

// Ask posts to a path and reads the answer into out. What the other side refuses comes back as a *engine.Refusal where it is
// one, else as a *Problem.
func (c *Client) Ask(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := c.request(ctx, http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusOK {
		return json.Unmarshal(raw, out)
	}
	var no struct {
		Error struct {
			Type, Message string
			Data          struct{ Refusal *engine.Refusal }
		}
	}
	switch err := json.Unmarshal(raw, &no); {
	case err != nil || no.Error.Type == "":
		return fmt.Errorf("the other side answered %s", resp.Status)
	case no.Error.Data.Refusal != nil:
		return no.Error.Data.Refusal
	}
	return problem(resp.StatusCode, no.Error.Type, no.Error.Message)
}

// Lab returns the controls of the simulation on the other side, or nil if that is none.
func (c *Client) Lab(ctx context.Context) (lab.Lab, error) {
	l := remoteLab{c}
	_, err := l.State(ctx)
	var p *Problem
	switch {
	case errors.As(err, &p) && p.Status == http.StatusNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return l, nil
}

// remoteLab is the controls of a simulation that another process hosts.
type remoteLab struct{ c *Client }

func (l remoteLab) State(ctx context.Context) (lab.State, error) {
	var got struct{ State lab.State }
	err := l.c.Ask(ctx, "/v1/lab/state", map[string]any{}, &got)
	return got.State, err
}

func (l remoteLab) do(ctx context.Context, verb string, in map[string]any) error {
	return l.c.Ask(ctx, "/v1/lab/"+verb, in, &struct{}{})
}

func (l remoteLab) Pause(ctx context.Context, paused bool) error {
	return l.do(ctx, "pause", map[string]any{"paused": paused})
}

func (l remoteLab) Rate(ctx context.Context, rate int) error {
	return l.do(ctx, "rate", map[string]any{"rate": rate})
}

func (l remoteLab) Step(ctx context.Context) error { return l.do(ctx, "step", map[string]any{}) }

func (l remoteLab) SkipTo(ctx context.Context, t time.Time) error {
	return l.do(ctx, "skip_to", map[string]any{"to": t})
}

func (l remoteLab) Inject(ctx context.Context, f lab.Fault) (string, error) {
	var got struct {
		ID string `json:"fault_id"`
	}
	err := l.c.Ask(ctx, "/v1/lab/inject", map[string]any{"fault": f}, &got)
	return got.ID, err
}

func (l remoteLab) Heal(ctx context.Context, target string) error {
	return l.do(ctx, "heal", map[string]any{"target": target})
}

func (l remoteLab) Kinds(ctx context.Context, target string) ([]lab.FaultKind, error) {
	var got struct{ Kinds []lab.FaultKind }
	err := l.c.Ask(ctx, "/v1/lab/kinds", map[string]any{"target": target}, &got)
	return got.Kinds, err
}

func (l remoteLab) Type(ctx context.Context, id lock.DeviceID, pin lock.PIN) (lab.Try, error) {
	var got struct{ Try lab.Try }
	err := l.c.Ask(ctx, "/v1/lab/type", map[string]any{"device_id": id, "code": pin.Reveal()}, &got)
	return got.Try, err
}

func (l remoteLab) Edit(ctx context.Context, e lab.Edit) error {
	return l.do(ctx, "edit", map[string]any{"edit": wireEdit{e, bare{e.PIN}}})
}

func (l remoteLab) Snapshot(ctx context.Context, name string) error {
	return l.do(ctx, "snapshot", map[string]any{"name": name})
}

func (l remoteLab) Rewind(ctx context.Context, name string) error {
	return l.do(ctx, "rewind", map[string]any{"name": name})
}

func (l remoteLab) Snapshots(ctx context.Context) ([]string, error) {
	var got struct{ Snapshots []string }
	err := l.c.Ask(ctx, "/v1/lab/snapshots", map[string]any{}, &got)
	return got.Snapshots, err
}

func (l remoteLab) SaveScenario(ctx context.Context) ([]byte, error) {
	var got struct{ Scenario string }
	err := l.c.Ask(ctx, "/v1/lab/scenario", map[string]any{}, &got)
	return []byte(got.Scenario), err
}
