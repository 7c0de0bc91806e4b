package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/live"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
)

const (
	exposureEvery = 5 * time.Second // how often it is looked which doors stand open that should not: the grain of its seconds
	askFleet      = 5 * time.Second // that a reader of the metrics waits for the engine
)

// meter measures a daemon, for Prometheus.
type meter struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	took     *prometheus.HistogramVec
	late     *prometheus.HistogramVec
	exposure prometheus.Counter

	mu      sync.Mutex
	exposed int // devices, when last looked
	looked  time.Time
}

func newMeter() *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		calls:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lockctl_calls_total", Help: "Driver calls that have ended, by how."}, []string{"account", "verb", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lockctl_call_seconds", Help: "How long driver calls took once they were sent.", Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"account", "verb"}),
		late: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lockctl_call_lateness_seconds", Help: "From the instant at which a write or an erase was due to the one at which it was sent, further tries included.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 5, 15, 60, 300, 1800, 7200},
		}, []string{"verb"}),
		exposure: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "lockctl_exposure_seconds_total", Help: "Time during which a code opened, or may have opened, a door that it should not, summed over devices.",
		}),
	}
	m.registry.MustRegister(m.calls, m.took, m.late, m.exposure, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// ended counts a call; see live.Options.
func (m *meter) ended(e live.Ended) {
	account, verb, outcome := string(e.Call.Account), string(e.Call.Verb), "ok"
	if e.Err != nil {
		outcome = e.Err.Kind.String()
	}
	m.calls.WithLabelValues(account, verb, outcome).Inc()
	if e.Sent.IsZero() {
		return
	}
	m.took.WithLabelValues(account, verb).Observe(e.At.Sub(e.Sent).Seconds())
	if !e.Call.Due.IsZero() {
		m.late.WithLabelValues(verb).Observe(e.Sent.Sub(e.Call.Due).Seconds())
	}
}

// expose looks which doors stand open that should not, and counts the time since it last looked.
func (m *meter) expose(ctx context.Context, h *live.Host) {
	s, err := h.Snapshot(ctx, engine.Query{View: engine.ViewFleet, Limit: 1})
	if err != nil {
		return // the host has ended
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.looked.IsZero() && s.Now.After(m.looked) {
		m.exposure.Add(float64(m.exposed) * s.Now.Sub(m.looked).Seconds())
	}
	m.exposed, m.looked = s.Fleet.Exposed, s.Now
}

// watch adds what is read when somebody asks: the fleet, what waits, and the size of the store.
func (m *meter) watch(h *live.Host, s *badgerkv.Store) {
	g := newGauges(h)
	g.load, g.size = h.Load, s.Size
	g.waiting = prometheus.NewDesc("lockctl_waiting", "What waits: for the engine (inputs, notices among them), for its answer (calls), for its account (queued).", []string{"queue"}, nil)
	g.bytes = prometheus.NewDesc("lockctl_store_bytes", "Size of the store on disk, by part.", []string{"part"}, nil)
	m.registry.MustRegister(g)
}

func (m *meter) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// gauges is a prometheus.Collector.
type gauges struct {
	host                                      engine.Host
	devices, codes, readiness, issues, events *prometheus.Desc

	// Of the live host alone; a simulation has neither queues nor a store of its own.
	load           func() live.Load
	size           func() (tree, values int64)
	waiting, bytes *prometheus.Desc
}

// newGauges are those of any host.
func newGauges(h engine.Host) *gauges {
	return &gauges{
		host:      h,
		devices:   prometheus.NewDesc("lockctl_devices", "Devices under management, by state.", []string{"state"}, nil),
		codes:     prometheus.NewDesc("lockctl_codes", "Live access codes, by status.", []string{"status"}, nil),
		readiness: prometheus.NewDesc("lockctl_ready_devices", "Devices by the worst of their arrivals within 72 hours.", []string{"readiness"}, nil),
		issues:    prometheus.NewDesc("lockctl_issues", "Issues of devices and their codes.", nil, nil),
		events:    prometheus.NewDesc("lockctl_events_total", "Events that the journal has had.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.devices, g.codes, g.readiness, g.issues, g.events, g.waiting, g.bytes} {
		if d != nil {
			to <- d
		}
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, n int, label ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), label...)
	}
	if g.load != nil {
		l := g.load()
		put(g.waiting, l.Inputs, "inputs")
		put(g.waiting, l.Notices, "notices")
		put(g.waiting, l.Calls, "calls")
		put(g.waiting, l.Queued, "queued")
	}
	if g.size != nil {
		tree, values := g.size()
		put(g.bytes, int(tree), "tree")
		put(g.bytes, int(values), "values")
	}
	ctx, cancel := context.WithTimeout(context.Background(), askFleet)
	defer cancel()
	s, err := g.host.Snapshot(ctx, engine.Query{View: engine.ViewFleet, Limit: 1})
	if err != nil {
		to <- prometheus.NewInvalidMetric(g.devices, err)
		return
	}
	t := s.Fleet
	put(g.devices, t.Devices, "all")
	put(g.devices, t.Offline, "offline")
	put(g.devices, t.InFlight, "in_flight")
	put(g.devices, t.Exposed, "exposed")
	put(g.codes, t.Set, "set")
	put(g.codes, t.Setting, "setting")
	put(g.codes, t.Removing, "removing")
	put(g.codes, t.Unset, "unset")
	put(g.codes, t.Unknown, "unknown")
	put(g.readiness, t.Verified, "verified")
	put(g.readiness, t.Likely, "likely")
	put(g.readiness, t.AtRisk, "at_risk")
	put(g.readiness, t.WillFail, "will_fail")
	put(g.issues, t.Issues)
	to <- prometheus.MustNewConstMetric(g.events, prometheus.CounterValue, float64(s.Seq))
}
