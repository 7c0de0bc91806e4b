package main

func openScenario(a *app, path string) error { return badInput("%s: scenarios", path) }
