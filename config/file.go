package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
)

// The scalars of a file are struct kinds: go-toml calls UnmarshalText on nothing else.

// Duration is a length of time with a unit: "90s", "25m", "2d4h".
type Duration struct {
	d   time.Duration
	err error // what is wrong with it
}

// UnmarshalText implements encoding.TextUnmarshaler. It takes anything, for go-toml does not say where it stands: the checker
// knows.
func (d *Duration) UnmarshalText(text []byte) error {
	d.d, d.err = strict.ParseDuration(string(text))
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(strict.Short(d.d)), nil }

// Secret says where a secret is kept: "env:NAME", an environment variable, or "file:/path", a file that only its owner can
// read. The secret itself never stands in a configuration.
type Secret struct{ from, name string }

const (
	fromEnv  = "env"
	fromFile = "file"
	// maxSecret bounds a file that holds a secret, in bytes.
	maxSecret = 64 << 10
)

// ParseSecret reads where a secret is kept.
func ParseSecret(text string) (Secret, error) {
	from, name, _ := strings.Cut(text, ":")
	switch {
	case from != fromEnv && from != fromFile:
		// What stands there may be the secret itself, so it is not repeated.
		return Secret{}, errors.New(`a secret does not stand in the configuration: write "env:NAME" or "file:/path"`)
	case name == "":
		return Secret{}, fmt.Errorf("%s: lacks a name behind the colon", from)
	case from == fromFile && !strings.HasPrefix(name, "/"):
		return Secret{}, errors.New("file: the path must begin with /")
	}
	return Secret{from, name}, nil
}

// String tells where the secret is kept.
func (s Secret) String() string { return s.from + ":" + s.name }

// Read returns the secret. getenv is the process's environment.
func (s Secret) Read(getenv func(string) string) (string, error) {
	if s.from == fromEnv {
		if v := getenv(s.name); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("the environment variable %s is not set", s.name)
	}
	info, err := os.Stat(s.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: there is no such file", s.name)
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: is not a regular file", s.name)
	case info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("%s: its mode is %04o, so other users may read it; set it to 0600", s.name, info.Mode().Perm())
	case info.Size() > maxSecret:
		return "", fmt.Errorf("%s: is larger than %d KiB", s.name, maxSecret>>10)
	}
	text, err := os.ReadFile(s.name)
	if err != nil {
		return "", err
	}
	if v := strings.TrimRight(string(text), "\r\n"); v != "" {
		return v, nil
	}
	return "", fmt.Errorf("%s: is empty", s.name)
}

// file is a configuration as go-toml reads it. Pointers tell what was left out.
type file struct {
	API      api       `toml:"api,omitempty"`
	Webhooks webhooks  `toml:"webhooks,omitempty"`
	Metrics  metrics   `toml:"metrics,omitempty"`
	Store    store     `toml:"store,omitempty"`
	Log      log       `toml:"log,omitempty"`
	Policy   policy    `toml:"policy,omitempty"`
	Accounts []account `toml:"account,omitempty"`
	Devices  []device  `toml:"device,omitempty"`
}

type api struct {
	Listen  string `toml:"listen,omitempty"`
	TLSCert string `toml:"tls_cert,omitempty"`
	TLSKey  string `toml:"tls_key,omitempty"`
	Rate    string `toml:"rate,omitempty"`
	Name    string `toml:"name,omitempty"`
}

type webhooks struct {
	Listen string `toml:"listen,omitempty"`
	URL    string `toml:"url,omitempty"`
}

type metrics struct {
	Listen string `toml:"listen,omitempty"`
}

type store struct {
	Dir     string `toml:"dir,omitempty"`
	KeyFile string `toml:"key_file,omitempty"`
	Encrypt *bool  `toml:"encrypt,omitempty"`
}

type log struct {
	Level  string `toml:"level,omitempty"`
	Format string `toml:"format,omitempty"`
}

type account struct {
	ID             string         `toml:"id,omitempty"`
	Provider       string         `toml:"provider,omitempty"`
	CallsAtOnce    *int64         `toml:"calls_at_once,omitempty"`
	CallsPerSecond *float64       `toml:"calls_per_second,omitempty"`
	Burst          *int64         `toml:"burst,omitempty"`
	Settings       map[string]any `toml:"settings,omitempty"`
	Policy         policy         `toml:"policy,omitempty"`
}

type device struct {
	ID     string `toml:"id,omitempty"`
	Policy policy `toml:"policy,omitempty"`
}

type policy struct {
	NativeLead    *Duration `toml:"native_lead,omitempty"`
	JITLead       *Duration `toml:"jit_lead,omitempty"`
	JITOverlap    *string   `toml:"jit_overlap,omitempty"`
	JITEarly      *string   `toml:"jit_early,omitempty"`
	PoolSize      *int      `toml:"backup_pool_size,omitempty"`
	PoolRotate    *Duration `toml:"pool_rotate,omitempty"`
	AutoPull      *string   `toml:"auto_pull,omitempty"`
	EvidenceTTL   *Duration `toml:"evidence_ttl,omitempty"`
	ConfirmWithin *Duration `toml:"confirm_within,omitempty"`
	ObserveEvery  *Duration `toml:"observe_every,omitempty"`
	ObserveMin    *Duration `toml:"observe_min,omitempty"`
	BackoffMin    *Duration `toml:"backoff_min,omitempty"`
	BackoffMax    *Duration `toml:"backoff_max,omitempty"`
	MaxRounding   *Duration `toml:"max_time_rounding,omitempty"`
	CallTimeout   *Duration `toml:"call_timeout,omitempty"`
	Profile       *string   `toml:"profile,omitempty"`
	External      *string   `toml:"external,omitempty"`
}

// patch is the policy as the engine takes it.
func (p *policy) patch() engine.PolicyPatch {
	return engine.PolicyPatch{
		NativeLead: p.NativeLead.ptr(), JITLead: p.JITLead.ptr(), JITOverlap: (*engine.Overlap)(p.JITOverlap), JITEarly: (*engine.Early)(p.JITEarly),
		PoolSize: p.PoolSize, PoolRotate: p.PoolRotate.ptr(), AutoPull: (*engine.AutoPull)(p.AutoPull),
		EvidenceTTL: p.EvidenceTTL.ptr(), ConfirmWithin: p.ConfirmWithin.ptr(),
		ObserveEvery: p.ObserveEvery.ptr(), ObserveMin: p.ObserveMin.ptr(), BackoffMin: p.BackoffMin.ptr(), BackoffMax: p.BackoffMax.ptr(),
		MaxRounding: p.MaxRounding.ptr(), CallTimeout: p.CallTimeout.ptr(), Profile: (*engine.Profile)(p.Profile), External: (*engine.External)(p.External),
	}
}

// policyOf is a patch as a file has it.
func policyOf(x engine.PolicyPatch) policy {
	return policy{
		NativeLead: wrap(x.NativeLead), JITLead: wrap(x.JITLead), JITOverlap: (*string)(x.JITOverlap), JITEarly: (*string)(x.JITEarly),
		PoolSize: x.PoolSize, PoolRotate: wrap(x.PoolRotate), AutoPull: (*string)(x.AutoPull),
		EvidenceTTL: wrap(x.EvidenceTTL), ConfirmWithin: wrap(x.ConfirmWithin),
		ObserveEvery: wrap(x.ObserveEvery), ObserveMin: wrap(x.ObserveMin), BackoffMin: wrap(x.BackoffMin), BackoffMax: wrap(x.BackoffMax),
		MaxRounding: wrap(x.MaxRounding), CallTimeout: wrap(x.CallTimeout), Profile: (*string)(x.Profile), External: (*string)(x.External),
	}
}

func (d *Duration) ptr() *time.Duration {
	if d == nil {
		return nil
	}
	return &d.d
}

func wrap(d *time.Duration) *Duration {
	if d == nil {
		return nil
	}
	return &Duration{d: *d}
}
