"""What `sales up` says once the pipeline runs."""

from sales_pipeline.local.up import greeting


def test_one_line_leads_another_terminal_there():
    said = greeting("http://127.0.0.1:4566", "/log", None)
    assert '\neval "$(sales env)"\n' in said
    assert "It listens on http://127.0.0.1:4566.\n" in said


def test_where_the_port_is_taken_it_says_so_and_names_no_other():
    said = greeting("http://127.0.0.1:40123", "/log", None)
    assert "It listens on http://127.0.0.1:40123, because another program uses port 4566.\n" in said


def test_a_terminal_without_sales_home_gets_it_with_that_line():
    assert "\neval \"$(SALES_HOME='/my folder' sales env)\"\n" in greeting("http://127.0.0.1:4566", "/", "/my folder")
