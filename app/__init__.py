"""The web app: Streamlit pages, HTTP routes and the command line."""
