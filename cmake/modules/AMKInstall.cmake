# Placeholder until the install helper lands.
