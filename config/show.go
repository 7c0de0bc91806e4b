package config

import (
	_ "embed"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/accesscodes/lockctl/engine"
)

//go:embed sample.toml
var sample string

// Sample is a configuration with every key, each with a word about it, to be written to and to be cut down.
func Sample() string { return sample }

// Show returns what is in force, defaults included, as a file. Secrets are shown as where they are kept.
func (c Config) Show() (string, error) {
	all := engine.DefaultPolicy().Over(c.Policy)
	encrypt := !c.Store.Plain
	f := file{
		API:      api{Listen: c.API.Listen, TLSCert: c.API.TLSCert, TLSKey: c.API.TLSKey, Rate: "documented", Name: c.API.Name},
		Webhooks: webhooks{c.Webhooks.Listen, c.Webhooks.URL},
		Metrics:  metrics{c.Metrics.Listen},
		Store:    store{c.Store.Dir, c.Store.KeyFile, &encrypt},
		Log:      log{strings.ToLower(c.Log.Level.String()), "text"},
		Policy: policyOf(engine.PolicyPatch{
			NativeLead: &all.NativeLead, JITLead: &all.JITLead, JITOverlap: &all.JITOverlap, JITEarly: &all.JITEarly, PoolSize: &all.PoolSize,
			PoolRotate: &all.PoolRotate, AutoPull: &all.AutoPull, EvidenceTTL: &all.EvidenceTTL, ConfirmWithin: &all.ConfirmWithin,
			ObserveEvery: &all.ObserveEvery, ObserveMin: &all.ObserveMin, BackoffMin: &all.BackoffMin, BackoffMax: &all.BackoffMax,
			MaxRounding: &all.MaxRounding, CallTimeout: &all.CallTimeout, Profile: &all.Profile, External: &all.External,
		}),
	}
	if c.API.Unlimited {
		f.API.Rate = "off"
	}
	if c.Log.JSON {
		f.Log.Format = "json"
	}
	for i := range c.Accounts {
		f.Accounts = append(f.Accounts, c.Accounts[i].file())
	}
	for _, d := range c.Devices {
		f.Devices = append(f.Devices, device{string(d.ID), policyOf(d.Policy)})
	}
	text, err := toml.Marshal(f)
	return string(text), err
}

func (a *Account) file() account {
	out := account{ID: string(a.ID), Provider: a.Provider, Settings: map[string]any{}, Policy: policyOf(a.Policy)}
	if a.Width > 0 {
		n := int64(a.Width)
		out.CallsAtOnce = &n
	}
	if a.Rate > 0 {
		out.CallsPerSecond = &a.Rate
	}
	if a.Burst > 0 {
		n := int64(a.Burst)
		out.Burst = &n
	}
	for name, v := range a.Texts {
		out.Settings[name] = v
	}
	for name, v := range a.Wholes {
		out.Settings[name] = v
	}
	for name, v := range a.Secrets {
		out.Settings[name] = v.String()
	}
	return out
}
