"""How people hear of alerts: channels, an outbox that loses nothing, and the ways out of it."""
