CREATE SCHEMA [export];
