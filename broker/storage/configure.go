package storage

// Configure takes changed topic properties; they hold for what comes next.
func (l *Log) Configure(cfg LogConfig) { l.cfg = cfg }
