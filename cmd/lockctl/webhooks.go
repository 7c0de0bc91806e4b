package main

import (
	"strconv"
	"strings"
	"time"
)

// webhook is an address to which events are posted, as the daemon shows it.
type webhook struct {
	ID       string   `json:"webhook_id"`
	URL      string   `json:"url"`
	Types    []string `json:"event_types"`
	Secret   string   `json:"secret,omitempty"`
	Disabled bool     `json:"is_disabled"`
}

// webhooksList prints webhooks; their secrets only for programs that are told to with --reveal.
func webhooksList(a *app, _ []string) error {
	var got struct {
		Hooks []webhook `json:"webhooks"`
	}
	if err := a.ask("/webhooks/list", map[string]any{}, &got); err != nil {
		return err
	}
	for i := range got.Hooks {
		if !a.on("reveal") {
			got.Hooks[i].Secret = ""
		}
	}
	columns := []column[webhook]{
		{name: "webhook", text: func(h webhook) string { return h.ID }},
		{name: "url", text: func(h webhook) string { return h.URL }},
		{name: "events", text: func(h webhook) string { return strings.Join(h.Types, ", ") }},
		{name: "state", text: func(h webhook) string { return map[bool]string{true: "disabled", false: "enabled"}[h.Disabled] }},
	}
	if a.on("reveal") {
		columns = append(columns, column[webhook]{name: "secret", text: func(h webhook) string { return h.Secret }})
	}
	return list(a, got.Hooks, columns...)
}

func webhooksCreate(a *app, args []string) error {
	in := map[string]any{"url": args[0]}
	if types := a.text("events"); types != "" {
		in["event_types"] = strings.FieldsFunc(types, func(r rune) bool { return r == ',' || r == ' ' })
	}
	var got struct{ Webhook webhook }
	if err := a.ask("/webhooks/create", in, &got); err != nil {
		return err
	}
	h := got.Webhook
	return show(a, h, func() {
		a.facts(fact{name: "webhook", value: h.ID}, fact{name: "url", value: h.URL}, fact{name: "events", value: strings.Join(h.Types, ", ")},
			fact{name: "secret", value: h.Secret}, fact{name: "note", value: "the receiver checks signatures with the secret"})
	})
}

func webhooksEnable(a *app, args []string) error { return a.switchWebhook(args[0], false) }

func webhooksDisable(a *app, args []string) error { return a.switchWebhook(args[0], true) }

func (a *app) switchWebhook(id string, disabled bool) error {
	return a.ask("/webhooks/update", map[string]any{"webhook_id": id, "is_disabled": disabled}, &struct{}{})
}

func webhooksDelete(a *app, args []string) error {
	return a.ask("/webhooks/delete", map[string]any{"webhook_id": args[0]}, &struct{}{})
}

// delivery is an event on its way to a webhook, or given up.
type delivery struct {
	Event    string     `json:"event_id"`
	Attempts int        `json:"attempts"`
	Next     *time.Time `json:"next_attempt_at"` // null: given up
	Answer   string     `json:"last_answer"`
}

func webhooksDeliveries(a *app, args []string) error {
	var got struct{ Deliveries []delivery }
	if err := a.ask("/v1/webhooks/deliveries", map[string]any{"webhook_id": args[0]}, &got); err != nil {
		return err
	}
	now := time.Now()
	return list(a, got.Deliveries,
		column[delivery]{name: "event", text: func(d delivery) string { return d.Event }},
		column[delivery]{name: "attempts", text: func(d delivery) string { return strconv.Itoa(d.Attempts) }},
		column[delivery]{name: "next", text: func(d delivery) string {
			if d.Next == nil {
				return "given up"
			}
			return ago(*d.Next, now)
		}},
		column[delivery]{name: "last answer", text: func(d delivery) string { return d.Answer }})
}

func webhooksRedeliver(a *app, args []string) error {
	return a.ask("/v1/webhooks/redeliver", map[string]any{"webhook_id": args[0], "event_id": args[1]}, &struct{}{})
}
