//! AWS behind the engine's ports: sessions, one file per kind, stores
